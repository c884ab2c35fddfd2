"""Softmax regression from a near solution: the objective of scikit-learn's LogisticRegression, minimized in few passes.

With N faces x_n of D features, labels y_n among K and C = 1, scikit-learn minimizes

    1/N sum_n [log sum_k exp(w_k x_n + b_k) - (w_y x_n + b_y)] + 1/(2N) sum_k |w_k|^2.

Where few of the faces change, the old solution is a good start, and its curvature a good measure of the way that is
left: minimization runs in coordinates in which each class's own part of the old Hessian is about the identity.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from uncloak.errors import InputError

_MEMORY = 20  # pairs of L-BFGS
_RANK = 16  # faces that make up a class's curvature; more do not save passes (tests/benchmarks/linear.py)
_GREATEST_PASSES = 2000


@dataclass(frozen=True)
class Solution:
    """Weights float64 [K,D+1], the last column the intercepts, and the passes over the faces that they cost."""

    weights: np.ndarray
    passes: int


def objective(
    weights: np.ndarray, faces: np.ndarray, codes: np.ndarray, penalty: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the objective and its gradient [K,D+1], by one pass over the faces.

    Args:
        weights: float64 [K,D+1].
        faces: float64 [N,D+1], the last column ones.
        codes: int [N], classes 0..K-1.
        penalty: float64 [D+1], what the square of a feature's weights counts: 1 in scikit-learn, 0 for the intercept.
    """
    rows, count = np.arange(len(faces)), len(faces)
    scores = faces @ weights.T
    scores -= scores.max(axis=1, keepdims=True)
    own = scores[rows, codes]
    chances = np.exp(scores, out=scores)
    totals = chances.sum(axis=1)
    value = (np.log(totals) - own).mean() + (np.square(weights) @ penalty).sum() / (2 * count)
    chances /= totals[:, None]
    chances[rows, codes] -= 1
    return float(value), (chances.T @ faces + weights * penalty) / count


class Curvature:
    """For each class a symmetric matrix R_k with R_k H_k R_k near the identity, H_k its block of the Hessian.

    H_k is the sum over faces of p (1 - p) x x^T / N, p the class's chance, and the penalty's 1/N. Nearly all of the sum
    comes from the class's own faces and a few look-alikes, so the `_RANK` largest terms are taken as they are, and the
    rest as a multiple of the identity.
    """

    def __init__(self, weights: np.ndarray, faces: np.ndarray):
        count, rank = len(faces), min(_RANK, len(faces), faces.shape[1])
        scores = faces @ weights.T
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        self._axes = np.empty((len(weights), faces.shape[1], rank))
        self._shrunk = np.empty((len(weights), 1, rank))
        self._scales = np.empty((len(weights), 1))
        for code, terms in enumerate((chances * (1 - chances) / count).T):
            largest = np.argpartition(-terms, rank - 1)[:rank]
            curved = faces[largest] * np.sqrt(terms[largest])[:, None]
            floor = 1 / count + terms.sum() - terms[largest].sum()
            squared, turned = np.linalg.eigh(curved @ curved.T)
            squared = np.maximum(squared, np.finfo(float).tiny)
            flat = squared < 1e-12 * squared[-1]  # repeated faces: axes that rounding made
            self._axes[code] = curved.T @ (turned / np.sqrt(squared))
            self._shrunk[code] = np.where(flat, 0.0, 1 - np.sqrt(floor / (floor + squared)))
            self._scales[code] = 1 / np.sqrt(floor)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return R_k times the row `values[k]`, for each k; float64 [K,D+1]."""
        along = np.matmul(values[:, None], self._axes) * self._shrunk
        return (values - np.matmul(along, self._axes.transpose(0, 2, 1))[:, 0]) * self._scales


def minimize_from(
    start: np.ndarray,
    curvature: Curvature,
    faces: np.ndarray,
    codes: np.ndarray,
    penalty: np.ndarray,
    tolerance: float = 1e-7,
) -> Solution:
    """Minimize `objective` by L-BFGS from `start` [K,D+1].

    Half the squared gradient in the coordinates of `curvature` tells about how far the objective is above its minimum;
    at `tolerance` minimization ends.

    Raises InputError where that is not reached.
    """
    passes, above = 0, np.inf

    def by_coordinates(coordinates: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal passes, above
        passes += 1
        value, gradient = objective(start + curvature(coordinates.reshape(start.shape)), faces, codes, penalty)
        gradient = curvature(gradient).ravel()
        above = gradient @ gradient / 2
        return value, gradient

    def stop(_: np.ndarray) -> None:
        if above <= tolerance:
            raise StopIteration

    options = {"maxcor": _MEMORY, "maxls": 50, "gtol": 0.0, "ftol": 0.0, "maxiter": _GREATEST_PASSES}
    found = minimize(by_coordinates, np.zeros(start.size), jac=True, method="L-BFGS-B", callback=stop, options=options)
    if not above <= tolerance:  # nor is it where values are not numbers
        raise InputError(
            f"linear classifier: not converged after {passes} passes; check the embeddings for values out of all scale"
        )
    return Solution(start + curvature(found.x.reshape(start.shape)), passes)
