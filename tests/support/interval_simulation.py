"""Users and probes drawn from known distributions, to see how often intervals cover the mean of all that there are."""

import numpy as np

USERS, PROBES = (5, 10, 20), (5, 9)
# Name -> how to draw users' rates of a shape, and their mean.
RATES = {
    "all 0.1": (lambda random, shape: np.full(shape, 0.1), 0.1),
    "all 0.5": (lambda random, shape: np.full(shape, 0.5), 0.5),
    "beta(0.5, 0.5)": (lambda random, shape: random.beta(0.5, 0.5, shape), 0.5),
    "beta(2, 8)": (lambda random, shape: random.beta(2, 8, shape), 0.2),
    "1 for 20 %, else 0": (lambda random, shape: 1.0 * (random.random(shape) < 0.2), 0.2),
}
# Most users fare alike, and some quite unlike them.
UNEVEN = {
    "beta(0.1, 0.9)": (lambda random, shape: random.beta(0.1, 0.9, shape), 0.1),
    "0.9 for 20 %, else 0.1": (lambda random, shape: np.where(random.random(shape) < 0.2, 0.9, 0.1), 0.26),
    "1 for 5 %, else 0": (lambda random, shape: 1.0 * (random.random(shape) < 0.05), 0.05),
}
# Beyond what few users can tell: often none of the others is drawn, and all that are drawn look alike.
HIDDEN = {"0.9 for 10 %, else 0.02": (lambda random, shape: np.where(random.random(shape) < 0.1, 0.9, 0.02), 0.108)}
# Name -> the rate that is compared with a user's, and the mean difference, of that user's rate and its mean.
BASELINES = {
    "all 0.1": (lambda rate: np.full_like(rate, 0.1), lambda mean: mean - 0.1),
    "the same": (lambda rate: rate, lambda mean: 0.0),
    "half": (lambda rate: rate / 2, lambda mean: mean / 2),
}


def errors(draw, random: np.random.Generator, times: int, users: int, probes: int) -> np.ndarray:
    """Return users' shares of wrong answers, float64 [times,users]."""
    return random.binomial(probes, draw(random, (times, users))) / probes


def paired(
    draw, baseline, same: bool, random: np.random.Generator, times: int, users: int, probes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return two shares of wrong answers per user, [times,users] each.

    same: the same probes are hard for both, else each answer is independent of the other.
    """
    rate = draw(random, (times, users))
    hard = random.random((2, probes, times, users))
    return (hard[0] < rate).mean(0), (hard[0 if same else 1] < baseline(rate)).mean(0)


def percentile(values: np.ndarray, random: np.random.Generator, draws: int = 999) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile bootstrap intervals of the means of `values` [times,users]."""
    users = values.shape[1]
    means = values @ (random.multinomial(users, np.full(users, 1 / users), draws) / users).T
    return tuple(np.quantile(means, (0.025, 0.975), axis=1))


def covered(interval: tuple[np.ndarray, np.ndarray], truth: float) -> float:
    """Return the share of intervals that cover."""
    low, high = interval
    return float(((low <= truth + 1e-9) & (truth - 1e-9 <= high)).mean())


def width(interval: tuple[np.ndarray, np.ndarray]) -> float:
    return float((interval[1] - interval[0]).mean())
