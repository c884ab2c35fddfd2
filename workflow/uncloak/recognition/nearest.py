"""The nearest gallery faces of other identities, exactly, from one pass of distances in float32."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uncloak.recognition.distances import FloatPass, points, squared_distances


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

    def __init__(self, faces: np.ndarray, owners: Sequence[str], metric: str):
        """Keep the faces, float32 [G,D], of the identities `owners` [G], in sorted order.

        Raises InputError as `uncloak.recognition.distances.FloatPass` does.
        """
        self.identities, self._starts, self.owners = np.unique(
            np.asarray(owners, dtype=str), return_index=True, return_inverse=True
        )
        self._faces, self._metric = faces, metric
        self._pass = FloatPass(faces, metric)

    def rivals(self, probes: np.ndarray, own: int, count: int, probes_per_block: int = 256) -> Rivals:
        """Find the nearest of all identities, and of all faces, but those of one identity.

        The pass leaves few faces that can be among the nearest; those are measured in float64, so the answer is that of
        a full search in float64 by differences. Where several are exactly as near, the first in sorted order counts.

        Args:
            probes: float32 [P,D].
            own: the identity left out, as an index into `identities`, or -1 for none.
            count: K; where there are fewer rivals, distances are infinite, identities and faces -1.
            probes_per_block: probes whose distances to all gallery faces are held at a time.

        Raises InputError as `uncloak.recognition.distances.FloatPass.squared` does.
        """
        shape = len(probes), count
        found = Rivals(np.full(shape, np.inf), np.full(shape, -1), np.full(shape, np.inf), np.full(shape, -1))
        for first in range(0, len(probes), probes_per_block):
            approximate, norms = self._pass.squared(probes[first : first + probes_per_block])
            for row, (values, norm) in enumerate(zip(approximate, norms, strict=True), first):
                possible = self._possible(values.astype(np.float64), self._pass.error_bound(norm), own, count)
                faces = points(self._faces[possible], self._metric)
                squared = squared_distances(points(probes[[row]], self._metric), faces)[0]
                order = np.argsort(squared, kind="stable")
                nearest, rows = squared[order], possible[order]
                _set(found.face_squared[row], found.face[row], nearest, rows)
                # Each identity's first, that is nearest, face.
                firsts = np.sort(np.unique(self.owners[rows], return_index=True)[1])
                _set(found.squared[row], found.identity[row], nearest[firsts], self.owners[rows[firsts]])
        return found

    def _possible(self, approximate: np.ndarray, bound: np.ndarray, own: int, count: int) -> np.ndarray:
        """Return the rows, ascending, of the faces that can be among the K nearest or the nearest of the K identities.

        `approximate` and `bound`, float64 [G], say where the exact distances lie.
        """
        least, most = approximate - bound, approximate + bound
        theirs = self.owners != own
        most[~theirs] = np.inf
        by_identity = np.minimum.reduceat(most, self._starts)
        reach = np.minimum(by_identity, _smallest(by_identity, count))[self.owners]
        return np.flatnonzero(theirs & (least <= np.maximum(reach, _smallest(most, count))))


def _smallest(values: np.ndarray, count: int) -> float:
    """Return the `count`-th smallest of the values, infinity where there are fewer."""
    return np.partition(values, count - 1)[count - 1] if count <= len(values) else np.inf


def _set(squared: np.ndarray, found: np.ndarray, nearest: np.ndarray, names: np.ndarray) -> None:
    """Fill one row of each result with as many as there are."""
    count = min(len(squared), len(nearest))
    squared[:count], found[:count] = nearest[:count], names[:count]
