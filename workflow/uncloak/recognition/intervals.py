"""Confidence intervals of means over users."""

import numpy as np
from scipy import stats

from uncloak.seeds import generator

_RESAMPLES = 9999


def mean_interval(values: np.ndarray, seed: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile bootstrap interval (low, high) of the mean of `values` [n], one per user.

    Users are drawn with replacement, the same draws for every `values` of one length and seed: rows of a table do not
    depend on which others stand in it. Where all values are equal (so for a single user, too) the interval is their
    mean alone.
    """
    values = np.asarray(values, dtype=np.float64)
    if (values == values[0]).all():
        return float(values[0]), float(values[0])
    result = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=confidence,
        method="percentile",
        rng=generator(seed, "interval over users"),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
