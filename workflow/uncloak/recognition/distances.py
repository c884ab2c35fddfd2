"""Squared Euclidean distances between embeddings: exact ones, and a fast pass with a proven bound on its error.

The pass computes |p|^2 - 2 p.g + |g|^2 in float32 on centered embeddings (a large common offset would drown the
differences). Its error is bounded by the standard analysis of inner products (Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., section 3.1), so a reader can tell which decisions float32 leaves open, and settle those
exactly.
"""

import numpy as np

from uncloak.errors import InputError

METRICS = ("euclidean", "cosine")

_DIMENSIONS_PER_BLOCK = 512
_CENTERING_ROWS = 256
_UNIT_ROUNDOFF = 2.0**-24
_GREATEST_SQUARED_NORM = 1e36


def check_metric(metric: str) -> None:
    """Raise InputError for an unknown metric."""
    if metric not in METRICS:
        raise InputError(f"metric '{metric}' is not known; choose one of {', '.join(METRICS)}")


def points(embedding: np.ndarray, metric: str) -> np.ndarray:
    """Return float32 embeddings [N,D] as the float64 points [N,D] whose Euclidean distances `metric` compares.

    "euclidean" takes the embedding as it is (attacks.md 5.3), "cosine" divides it by its norm, which must not be 0.
    """
    values = embedding.astype(np.float64)
    if metric == "cosine":
        values /= np.sqrt(np.square(values).sum(axis=1, keepdims=True))
    return values


def squared_distances(probes: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the squared distances, float64 [P,K], between float64 points [P,D] and [K,D], by their differences."""
    squared = np.empty((len(probes), len(faces)))
    for row, probe in enumerate(probes):
        difference = faces - probe
        squared[row] = np.square(difference, out=difference).sum(axis=1)
    return squared


class FloatPass:
    """Gallery faces made ready for squared distances in float32, and the bound on these distances' error."""

    def __init__(self, gallery: np.ndarray, metric: str):
        """Center the gallery faces, float32 [G,D], G at least 1, as the points of `metric`.

        Raises InputError for an unknown metric or values too large for float32's squares.
        """
        check_metric(metric)
        self._metric = metric
        self._center = _center(gallery, metric)
        self._faces, squared_norms = _centered(gallery, metric, self._center)
        self._norms, self._terms = np.sqrt(squared_norms), squared_norms.astype(np.float32)
        # The factor of the inner products, applied once: doubling and negating are exact.
        self._faces *= -2

    def squared(self, probes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the squared distances, float32 [P,G], of probes float32 [P,D], and the centered probes' norms [P].

        Raises InputError for other dimensions than the gallery's, or values too large for float32's squares.
        """
        dimensions = self._faces.shape[1]
        if probes.shape[1] != dimensions:
            raise InputError(
                f"probes have {probes.shape[1]} dimensions and gallery faces {dimensions}; take both from one extractor"
            )
        centered, squared_norms = _centered(probes, self._metric, self._center)
        distances = centered[:, :_DIMENSIONS_PER_BLOCK] @ self._faces[:, :_DIMENSIONS_PER_BLOCK].T
        # Sums of short inner products have a far smaller bound on their error than long ones.
        for dimension in range(_DIMENSIONS_PER_BLOCK, dimensions, _DIMENSIONS_PER_BLOCK):
            part = slice(dimension, dimension + _DIMENSIONS_PER_BLOCK)
            distances += centered[:, part] @ self._faces[:, part].T
        distances += self._terms
        distances += squared_norms[:, None].astype(np.float32)
        return distances, np.sqrt(squared_norms)

    def error_bound(self, norm: float) -> np.ndarray:
        """Return float64 [G], the most by which the distances of a probe of this centered norm differ from exact ones.

        With S = |p| + |g|, unit roundoff u and n roundings in a row of sums, the inner product contributes at most
        n u S^2 / 2; rounding the embeddings (1), the norms (1) and the two sums (2) at most 4 u S^2 more, taken as 8.
        The last term covers underflow.
        """
        dimensions = self._faces.shape[1]
        blocks = -(-dimensions // _DIMENSIONS_PER_BLOCK)
        roundings = min(dimensions, _DIMENSIONS_PER_BLOCK) + blocks
        underflow = (4 * dimensions + 8) * float(np.finfo(np.float32).tiny)
        return (roundings / 2 + 8) * _UNIT_ROUNDOFF * (norm + self._norms) ** 2 + underflow


def _center(gallery: np.ndarray, metric: str) -> np.ndarray:
    """Return the gallery's mean, float64 [D], rounded to float32 so that differences from it are exact in float64."""
    total = sum(
        points(gallery[first : first + _CENTERING_ROWS], metric).sum(axis=0)
        for first in range(0, len(gallery), _CENTERING_ROWS)
    )
    return (total / len(gallery)).astype(np.float32).astype(np.float64)


def _centered(embedding: np.ndarray, metric: str, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points less `center`, rounded to float32 [N,D], and their squared norms, float64 [N]."""
    centered = np.empty(embedding.shape, dtype=np.float32)
    squared_norms = np.empty(len(embedding))
    for first in range(0, len(embedding), _CENTERING_ROWS):
        rows = slice(first, first + _CENTERING_ROWS)
        difference = points(embedding[rows], metric) - center
        squared_norms[rows] = np.einsum("nd,nd->n", difference, difference)
        if squared_norms[rows].max() > _GREATEST_SQUARED_NORM:
            raise InputError("embeddings are too large for float32; use the metric 'cosine' or another extractor")
        centered[rows] = difference
    return centered, squared_norms
