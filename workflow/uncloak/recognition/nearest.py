"""The nearest gallery faces of other identities, exactly, from one pass of distances in float32 over their slices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uncloak.pictures.views import Faces
from uncloak.recognition.distances import FloatPass, check_metric, points, squared_distances
from uncloak.recognition.slices import at_once, of_people


@dataclass(frozen=True)
class Rivals:
    """The nearest other identities and the nearest faces of other identities, of P probes, K of each.

    Attributes:
        squared: float64 [P,K], ascending squared distances to the nearest face of each identity.
        identity: int [P,K], these identities.
        face_squared: float64 [P,K], ascending squared distances to the faces.
        face: int [P,K], these faces, as rows of the gallery.
    """

    squared: np.ndarray
    identity: np.ndarray
    face_squared: np.ndarray
    face: np.ndarray


class Gallery:
    """Gallery faces by identity.

    Attributes:
        identities: str [I], the identities of the gallery, sorted.
        owners: int [G], whose faces they are, as indices into `identities`.
    """

    def __init__(self, faces: Faces, owners: Sequence[str], metric: str, most: int | None = None):
        """Keep the faces, float32 [G,D], an array or a view, of the identities `owners` [G], in sorted order.

        most: faces that are held at a time (more where one identity has more); as many as memory allows unless given.

        Raises InputError for an unknown metric.
        """
        check_metric(metric)
        self.identities, self.owners = np.unique(np.asarray(owners, dtype=str), return_inverse=True)
        self._faces, self._metric = faces, metric
        self._most = most or at_once(faces.shape[1])

    def rivals(self, probes: np.ndarray, own: int | np.ndarray, count: int, probes_per_block: int = 256) -> Rivals:
        """Find the nearest of all identities, and of all faces, but those of one identity.

        The pass leaves few faces that can be among the nearest; those are measured in float64, so the answer is that of
        a full search in float64 by differences. Where several are exactly as near, the first in sorted order counts.

        Args:
            probes: float32 [P,D].
            own: the identity left out, as an index into `identities`, or -1 for none; or int [P], that of each probe.
            count: K; where there are fewer rivals, distances are infinite, identities and faces -1.
            probes_per_block: probes whose distances to a slice of the gallery are held at a time.

        Raises InputError as `uncloak.recognition.distances.FloatPass` and its `squared` do.
        """
        shape, own = (len(probes), count), np.broadcast_to(own, len(probes))
        found = Rivals(np.full(shape, np.inf), np.full(shape, -1), np.full(shape, np.inf), np.full(shape, -1))
        for part in of_people(self.owners, self._most):
            faces, owners = self._faces[part], self.owners[part]
            measured = FloatPass(faces, self._metric)
            starts = np.flatnonzero(np.diff(owners, prepend=-1))
            for first in range(0, len(probes), probes_per_block):
                approximate, norms = measured.squared(probes[first : first + probes_per_block])
                for row, (values, norm) in enumerate(zip(approximate, norms, strict=True), first):
                    values, bound = values.astype(np.float64), measured.error_bound(norm)
                    farthest = max(found.squared[row, -1], found.face_squared[row, -1])
                    if np.isfinite(farthest):
                        possible = np.flatnonzero((values - bound <= farthest) & (owners != own[row]))
                    else:
                        possible = _possible(values, bound, owners, starts, own[row], count)
                    if not len(possible):
                        continue
                    probe, near = (points(each, self._metric) for each in (probes[[row]], faces[possible]))
                    squared = squared_distances(probe, near)[0]
                    order = np.argsort(squared, kind="stable")
                    nearest, rows = squared[order], possible[order]
                    _add(found.face_squared[row], found.face[row], nearest, part.start + rows)
                    # Each identity's first, that is nearest, face.
                    firsts = np.sort(np.unique(owners[rows], return_index=True)[1])
                    _add(found.squared[row], found.identity[row], nearest[firsts], owners[rows[firsts]])
        return found


def _possible(
    approximate: np.ndarray, bound: np.ndarray, owners: np.ndarray, starts: np.ndarray, own: int, count: int
) -> np.ndarray:
    """Return the rows, ascending, of the faces that can be among the K nearest or the nearest of the K identities.

    `approximate` and `bound`, float64 [G], say where the exact distances lie; identities begin at `starts`.
    """
    least, most = approximate - bound, approximate + bound
    theirs = owners != own
    most[~theirs] = np.inf
    by_identity = np.minimum.reduceat(most, starts)
    reach = np.minimum(by_identity, _smallest(by_identity, count))[owners - owners[0]]
    return np.flatnonzero(theirs & (least <= np.maximum(reach, _smallest(most, count))))


def _smallest(values: np.ndarray, count: int) -> float:
    """Return the `count`-th smallest of the values, infinity where there are fewer."""
    return np.partition(values, count - 1)[count - 1] if count <= len(values) else np.inf


def _add(squared: np.ndarray, found: np.ndarray, nearest: np.ndarray, names: np.ndarray) -> None:
    """Put what is nearest of another slice, later in sorted order, into one row of each result, which stay as long."""
    squared_of_both, names_of_both = np.append(squared, nearest), np.append(found, names)
    order = np.argsort(squared_of_both, kind="stable")[: len(squared)]
    squared[:], found[:] = squared_of_both[order], names_of_both[order]
