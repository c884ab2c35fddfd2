"""Confidence intervals: the percentile bootstrap, over users or whatever else errors come in groups of."""

from collections.abc import Callable, Sequence

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
    return bootstrap_interval((values,), np.mean, seed, "users", confidence=confidence)


def bootstrap_interval(
    samples: Sequence[np.ndarray],
    statistic: Callable[..., np.ndarray],
    seed: int,
    drawn: str,
    *,
    confidence: float = 0.95,
    batch: int | None = None,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval (low, high) of a statistic of groups that are drawn with replacement.

    Args:
        samples: arrays [n] of what is known of n groups, which are drawn together.
        statistic: `(*samples, axis) -> values`, of samples [...,n].
        seed: of the experiment.
        drawn: what the groups are, such as "users", whose stream of random numbers the seed gives.
        confidence: share of intervals that are to cover.
        batch: draws computed together, which bounds memory; all of them unless given.
    """
    interval = stats.bootstrap(
        samples,
        statistic,
        paired=len(samples) > 1,
        vectorized=True,
        n_resamples=_RESAMPLES,
        batch=batch,
        confidence_level=confidence,
        method="percentile",
        rng=generator(seed, f"interval over {drawn}"),
    ).confidence_interval
    return float(interval.low), float(interval.high)
