"""Which of the faces in a person's photographs is that person's, by the distances between all of them."""

from collections.abc import Sequence

import numpy as np

from uncloak.recognition.distances import squared_distances

ONLY, SAME, LARGEST = "only", "same person", "largest"
_ROUNDS = 5


def choose(faces: Sequence[np.ndarray], threshold: float | None) -> tuple[list[int], list[str]]:
    """Choose one face in each of N photographs: the person who is in the most of them.

    Args:
        faces: of each photograph, the points float64 [F,D] of its faces, the largest first, F at least 1.
        threshold: the distance below which two faces count as one person's; None where it is not known.

    Returns, of each photograph, the row of the face, and why: "only" (there is no other), "same person" (as in other
    photographs), "largest" (none is known to be).
    """
    owners = np.repeat(np.arange(len(faces)), [len(each) for each in faces])
    every = np.concatenate(faces)
    distances = np.sqrt(squared_distances(every, every))
    starts = np.flatnonzero(np.r_[True, np.diff(owners) > 0])
    nearest = np.minimum.reduceat(distances, starts, axis=1)  # of each face, to each photograph
    nearest[np.arange(len(every)), owners] = 0
    first = int(np.argmin(nearest.sum(axis=1)))
    rows = starts + [int(np.argmin(distances[first, owners == each])) for each in range(len(faces))]
    for _ in range(_ROUNDS):
        costs = distances[:, rows].sum(axis=1) - distances[np.arange(len(every)), rows[owners]]
        found = starts + [int(np.argmin(costs[owners == each])) for each in range(len(faces))]
        if (found == rows).all():
            break
        rows = found
    chosen, why = rows - starts, []
    for place, each in enumerate(faces):
        others = np.delete(distances[rows[place], rows], place)
        if len(each) == 1:
            why.append(ONLY)
        elif len(others) and (threshold is None or others.min() <= threshold):
            why.append(SAME)
        else:
            chosen[place] = 0
            why.append(LARGEST)
    return chosen.tolist(), why


def strangers(faces: np.ndarray, threshold: float) -> np.ndarray:
    """Return which of the faces, points float64 [N,D], are not the person's whom the most of them show, bool [N].

    A face belongs to the person as long as more than half of the person's other faces lie within `threshold`.
    """
    near = np.sqrt(squared_distances(faces, faces)) <= threshold
    np.fill_diagonal(near, False)
    kept = np.ones(len(faces), bool)
    while kept.sum() > 1:
        shares = near[:, kept].sum(axis=1) / (kept.sum() - 1)
        shares[~kept] = np.inf
        worst = int(np.argmin(shares))
        if shares[worst] > 0.5:
            break
        kept[worst] = False
    return ~kept
