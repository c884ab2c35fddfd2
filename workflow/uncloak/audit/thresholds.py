"""When two faces count as one person's: distances below which few pairs of different people lie."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from uncloak.recognition.distances import points, squared_distances

FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4)
_FEWEST_BELOW = 10  # pairs, for a distance that is more than chance


@dataclass(frozen=True)
class Calibrated:
    """Distances of one extractor: false-accept rate -> the distance, of so many pairs of the people of a dataset."""

    dataset: str
    pairs: int
    distances: Mapping[float, float]


def of_record(told: Mapping | None, metric: str) -> Calibrated | None:
    """Return what an extractor's record says by `thresholds`; None where it says nothing of this metric."""
    if not told or told.get("metric", "euclidean") != metric:
        return None
    return Calibrated(
        told["dataset"], told["pairs"], dict(zip(told["false_accept_rates"], told["distances"], strict=True))
    )


def as_record(calibrated: Calibrated, metric: str) -> dict:
    """Return what an extractor's record is to say by `thresholds`."""
    return {
        "dataset": calibrated.dataset,
        "pairs": calibrated.pairs,
        "metric": metric,
        "false_accept_rates": list(calibrated.distances),
        "distances": [float(f"{distance:.5g}") for distance in calibrated.distances.values()],
    }


def calibrate(
    embedding: np.ndarray,
    identities: Sequence[str],
    dataset: str,
    metric: str,
    rates: Sequence[float] = FALSE_ACCEPT_RATES,
) -> Calibrated:
    """Measure the distances below which at most these shares of the pairs of different people lie.

    Every pair of faces of two people counts once. A rate for which fewer than ten pairs would count is left out.

    Args:
        embedding: float32 [N,D].
        identities: text [N], whose faces they are.
        dataset: who they are, in words.
        metric: as of `uncloak.recognition.distances.points`.
        rates: false-accept rates, in (0,1).
    """
    faces, owners = points(embedding, metric), np.unique(np.asarray(identities), return_inverse=True)[1]
    parts = []
    for row in range(len(faces) - 1):
        others = squared_distances(faces[[row]], faces[row + 1 :])[0]
        parts.append(np.sqrt(others[owners[row + 1 :] != owners[row]]).astype(np.float32))
    pairs = np.concatenate(parts) if parts else np.empty(0, np.float32)
    distances = {}
    for rate in rates:
        below = math.floor(Fraction(str(rate)) * len(pairs))  # the decimal as written
        if below >= _FEWEST_BELOW:
            distances[rate] = float(np.partition(pairs, below)[below])
    return Calibrated(dataset, len(pairs), distances)
