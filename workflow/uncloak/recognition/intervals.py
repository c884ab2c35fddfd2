"""Confidence intervals over users: of rates, of paired differences of rates, and of what is no rate.

A user's probes stand and fall together, so users are clusters and probes lie within them. How often these intervals
cover, and how wide they are, was simulated: docs/statistics.md.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special, stats

from uncloak.seeds import generator

_RESAMPLES = 9999
# Correlation of a user's probes that few users cannot disprove: without it, intervals miss where some users fare quite
# unlike the others and none of these was drawn.
_LEAST_CORRELATION = 0.25


def rate_interval(
    rates: np.ndarray, probes: np.ndarray, weights: np.ndarray | float = 1, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval (low, high) of a rate over users, each with several probes.

    It is that of Korn and Graubard (1998, Survey Methodology 24:193): Clopper and Pearson's, exact for independent
    answers, as if there were fewer of them, namely so many that their variance is that between users. This effective
    number is lowered for the few users by which the variance is known (t with as many degrees of freedom as there are
    users, less one). It is at least the number of users, and at most that of probes which correlate by 1/4 within a
    user; where all rates are 0 or all are 1, nothing is known of the variance and it is the number of users. So the
    interval always has a width, also for users all alike; a single user counts as one answer.

    Args:
        rates: float [...,n] in [0,1], of n users.
        probes: their numbers of probes, [n] or of the shape of `rates`, all above 0.
        weights: of the users, likewise: all alike for a mean over users, the numbers of probes for one over probes.
        confidence: share of intervals that are to cover.

    Returns float64 [...] twice.
    """
    rates, probes, weights = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (rates, probes, weights)))
    squares = (weights / weights.sum(-1, keepdims=True)) ** 2
    rate = ((weights * rates).sum(-1) / weights.sum(-1)).clip(0, 1)
    answers, users, tail = 1 / squares.sum(-1), rates.shape[-1], (1 + confidence) / 2
    if users > 1:
        binomial = rate * (1 - rate)
        seen = users / (users - 1) * (squares * (rates - rate[..., None]) ** 2).sum(-1)
        least = binomial * (squares * (_LEAST_CORRELATION + (1 - _LEAST_CORRELATION) / probes)).sum(-1)
        known = (special.stdtrit(probes.sum(-1) - 1, tail) / special.stdtrit(users - 1, tail)) ** 2
        unknown = (rates == 0).all(-1) | (rates == 1).all(-1)
        effective = known * binomial / np.where(unknown, 1, np.maximum(seen, least))
        answers = np.where(unknown, answers, np.maximum(answers, effective))
    wrong, right = answers * rate, answers * (1 - rate)
    low = np.where(wrong > 0, special.betaincinv(np.where(wrong > 0, wrong, 1), right + 1, 1 - tail), 0)
    high = np.where(right > 0, special.betaincinv(wrong + 1, np.where(right > 0, right, 1), tail), 1)
    return low[()], high[()]


def difference_interval(
    rates: np.ndarray, others: np.ndarray, probes: np.ndarray, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval (low, high) of the mean over users of `rates` less `others`, of the same users and probes.

    The two intervals of `rate_interval` are put together with the correlation of the two rates over users, as Newcombe
    (1998, Statistics in Medicine 17:2635, method 10) does for pairs and Zou and Donner (2008, ibid. 27:1693) for any
    two intervals. Few users overstate a correlation, so it is taken times (n - 1) / (n + 1); it is 0 where either rate
    is the same for all users.

    Args:
        rates: float [...,n] in [0,1], of n users.
        others: likewise.
        probes: numbers of probes behind both, [n] or of the shape of `rates`, all above 0.
        confidence: share of intervals that are to cover.

    Returns float64 [...] twice, in [-1,1].
    """
    pair = np.asarray(rates, np.float64), np.asarray(others, np.float64)
    (low, high), (other_low, other_high) = (rate_interval(each, probes, confidence=confidence) for each in pair)
    rate, other = (each.mean(-1) for each in pair)
    users = pair[0].shape[-1]
    shared = _correlation(*pair) * (users - 1) / (users + 1)

    def apart(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        return np.sqrt(one**2 - 2 * shared * one * two + two**2)

    return (
        rate - other - apart(rate - low, other_high - other),
        rate - other + apart(high - rate, other - other_low),
    )


def _correlation(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the correlation [...] of [...,n] and [...,n], 0 where either is constant."""
    constant = np.logical_or(*((each == each[..., :1]).all(-1) for each in (one, two)))
    one, two = (each - each.mean(-1, keepdims=True) for each in (one, two))
    scale = np.sqrt((one**2).sum(-1) * (two**2).sum(-1))
    return np.where(constant, 0, (one * two).sum(-1) / np.where(constant, 1, scale)).clip(-1, 1)


def mean_interval(values: np.ndarray, seed: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile bootstrap interval (low, high) of the mean of `values` [n], one per user, no rates.

    Of measures without a bound, such as how much a cloak shows, there is no binomial variance to start from. With few
    users the interval is too narrow; where all values are equal (so for a single user, too) it is their mean alone.
    Users are drawn with replacement, the same draws for every `values` of one length and seed: rows of a table do not
    depend on which others stand in it.
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
