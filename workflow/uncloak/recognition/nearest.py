"""The nearest gallery face of another identity, exactly, from one pass of distances."""

from collections.abc import Sequence

import numpy as np

from uncloak.recognition.distances import identity_distances, points, squared_distances


class CleanGallery:
    """Gallery faces nobody perturbed, and some probes' distances to them.

    Attributes:
        identities: the I identities of the gallery, sorted.
        distances: the pass, its columns in the order of `identities`.
    """

    def __init__(
        self, gallery: np.ndarray, owners: Sequence[str], probes: np.ndarray, metric: str, probes_per_block: int = 256
    ):
        """Run the pass.

        Args:
            gallery: float32 [G,D].
            owners: the identity of each gallery face [G], in sorted order.
            probes: float32 [P,D].
            metric: "euclidean" or "cosine".
            probes_per_block: probes whose distances to all gallery faces are held at a time.

        Raises InputError as `uncloak.recognition.distances.identity_distances` does.
        """
        self._gallery, self._probes, self._metric = gallery, probes, metric
        self.identities, starts = np.unique(np.asarray(owners, dtype=str), return_index=True)
        self._bounds = np.append(starts, len(owners))
        self.distances = identity_distances(probes, gallery, starts, metric, probes_per_block)

    def column(self, identity: str) -> int:
        """Return the column of an identity of the gallery."""
        return int(np.searchsorted(self.identities, identity))

    def rivals(self, rows: Sequence[int], column: int) -> tuple[np.ndarray, np.ndarray]:
        """Find, for K probes, the nearest gallery face among all identities but one.

        The pass leaves few identities that can be the nearest; those are measured in float64, so the answer is that of
        a full search in float64. Where several are exactly as near, the first in sorted order counts.

        Args:
            rows: the probes [K], as rows of the pass.
            column: the identity left out, as a column of the pass.

        Returns the squared distances, float64 [K], and the columns of the identities found, int [K]. With no other
        identity in the gallery the distances are infinite and the columns -1.
        """
        squared = np.full(len(rows), np.inf)
        columns = np.full(len(rows), -1)
        for place, row in enumerate(rows):
            bound = self.distances.error_bound(row)
            approximate = self.distances.squared[row].astype(np.float64)
            approximate[column] = np.inf
            possible = approximate - bound <= np.min(approximate + bound)
            possible[column] = False
            probe = points(self._probes[[row]], self._metric)
            for candidate in np.flatnonzero(possible):
                distance = squared_distances(probe, self._faces(candidate)).min()
                if distance < squared[place]:
                    squared[place], columns[place] = distance, candidate
        return squared, columns

    def _faces(self, column: int) -> np.ndarray:
        """Return an identity's gallery faces as points, float64 [K,D]."""
        return points(self._gallery[self._bounds[column] : self._bounds[column + 1]], self._metric)
