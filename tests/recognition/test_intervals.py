"""Intervals over users: against their formulas written out and SciPy's exact ones, and how often they cover."""

import itertools

import numpy as np
import pytest
from interval_simulation import BASELINES, PROBES, RATES, UNEVEN, USERS, covered, errors, paired, percentile, width
from scipy import stats

from uncloak.recognition.intervals import difference_interval, mean_interval, rate_interval

SETTINGS = list(itertools.product(USERS, PROBES))


def exact(wrong: float, answers: float) -> tuple[float, float]:
    low = stats.beta.ppf(0.025, wrong, answers - wrong + 1) if wrong > 0 else 0
    high = stats.beta.ppf(0.975, wrong + 1, answers - wrong) if wrong < answers else 1
    return low, high


def by_hand(rates, probes, weights) -> tuple[float, float]:
    """Korn and Graubard's interval, with the correlation within users at least 1/4, in plain Python."""
    total, users = sum(weights), len(rates)
    weights = [weight / total for weight in weights]
    rate = sum(weight * own for weight, own in zip(weights, rates, strict=True))
    between = sum(weight**2 * (own - rate) ** 2 for weight, own in zip(weights, rates, strict=True))
    least = sum(weight**2 * (1 / 4 + 3 / 4 / count) for weight, count in zip(weights, probes, strict=True))
    effective = rate * (1 - rate) / max(between * users / (users - 1), rate * (1 - rate) * least)
    effective *= (stats.t.ppf(0.975, sum(probes) - 1) / stats.t.ppf(0.975, users - 1)) ** 2
    effective = max(effective, 1 / sum(weight**2 for weight in weights))
    return exact(effective * rate, effective)


@pytest.mark.parametrize("seed", range(6))
def test_a_rates_interval_is_that_of_the_effective_number_of_answers(seed):
    random = np.random.default_rng(seed)
    users = 3 + 4 * seed
    probes = random.integers(1, 12, users)
    rates = random.binomial(probes, random.beta(1, 3, users)) / probes
    rates[0] = 0.3
    for weights in (np.ones(users), probes, random.random(users)):
        assert rate_interval(rates, probes, weights) == pytest.approx(by_hand(rates, probes, weights), rel=1e-9)
    assert rate_interval(rates[::-1], probes[::-1]) == pytest.approx(rate_interval(rates, probes), rel=1e-9)
    low, high = rate_interval(1 - rates, probes)
    assert rate_interval(rates, probes) == pytest.approx((1 - high, 1 - low), rel=1e-9)
    low, high = rate_interval(rates, probes)
    narrow = rate_interval(rates, probes, confidence=0.5)
    assert low < narrow[0] < rates.mean() < narrow[1] < high


@pytest.mark.parametrize("wrong", range(8))
def test_users_who_win_all_or_nothing_count_as_one_answer_each(wrong):
    """Against SciPy's exact interval of `wrong` out of seven, whatever the number of probes."""
    rates = np.array([1.0] * wrong + [0.0] * (7 - wrong))
    expected = stats.binomtest(wrong, 7).proportion_ci(method="exact")
    for probes in (1, 5, 100):
        assert rate_interval(rates, probes) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 0.5, 1.0])
@pytest.mark.parametrize("users", [1, 2, 5, 20])
def test_users_all_alike_leave_a_width(value, users):
    low, high = rate_interval([value] * users, [9] * users)
    assert 0 <= low <= value <= high <= 1
    assert high - low > 0.15
    assert (low == 0) == (value == 0)
    assert (high == 1) == (value == 1)
    if users == 1:
        assert (low, high) == pytest.approx(exact(value, 1))


def test_more_users_or_more_alike_ones_tell_more():
    widths = [width(rate_interval(np.tile([0.2, 0.4], (1, count)), 5)) for count in (2, 5, 10, 50)]
    assert widths == sorted(widths, reverse=True)
    spread = [width(rate_interval(np.tile([0.5 - by, 0.5 + by], (1, 10)), 9)) for by in (0.0, 0.35, 0.45)]
    assert spread == sorted(spread)
    # However many probes there are, users must be many.
    assert width(rate_interval(np.full((1, 20), 0.5), 10**6)) > 0.2


@pytest.mark.parametrize("name", [*RATES, *UNEVEN])
def test_the_interval_of_a_rate_covers_the_mean_of_all_users(name):
    draw, mean = (RATES | UNEVEN)[name]
    random = np.random.default_rng(1)
    for users, probes in SETTINGS:
        found = covered(rate_interval(errors(draw, random, 3000, users, probes), probes), mean)
        assert found >= 0.93, (users, probes, found)


def test_the_percentile_bootstrap_does_not_cover():
    """The simulation can fail, and does for what stood in the tables before."""
    random = np.random.default_rng(1)
    found = [
        covered(percentile(errors(draw, random, 500, users, probes), random), mean)
        for draw, mean in RATES.values()
        for users, probes in SETTINGS
    ]
    assert min(found) < 0.75
    assert np.mean(np.array(found) < 0.93) > 0.5


@pytest.mark.parametrize("same", [True, False], ids=["same probes", "other probes"])
@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("name", RATES)
def test_the_interval_of_a_difference_covers_the_mean_difference(name, baseline, same):
    (draw, mean), (compared, difference) = RATES[name], BASELINES[baseline]
    random = np.random.default_rng(2)
    for users, probes in SETTINGS:
        pair = paired(draw, compared, same, random, 1000, users, probes)
        found = covered(difference_interval(*pair, probes), difference(mean))
        assert found >= 0.93, (users, probes, found)


def test_the_t_interval_of_differences_does_not_cover():
    draw, mean = RATES["1 for 20 %, else 0"]
    one, other = paired(draw, lambda rate: rate / 2, True, np.random.default_rng(2), 2000, 5, 9)
    low, high = stats.t.interval(0.95, 4, (one - other).mean(1), stats.sem(one - other, axis=1) + 1e-12)
    assert covered((low, high), mean / 2) < 0.75


def test_a_difference_joins_two_intervals_by_their_correlation():
    random = np.random.default_rng(3)
    probes = random.integers(3, 9, 12)
    rates, others = random.binomial(probes, 0.7) / probes, random.binomial(probes, 0.3) / probes
    (low, high), (other_low, other_high) = rate_interval(rates, probes), rate_interval(others, probes)
    shared = np.corrcoef(rates, others)[0, 1] * 11 / 13
    below, above = (
        np.sqrt(one**2 - 2 * shared * one * other + other**2)
        for one, other in (
            (rates.mean() - low, other_high - others.mean()),
            (high - rates.mean(), others.mean() - other_low),
        )
    )
    difference = rates.mean() - others.mean()
    found = difference_interval(rates, others, probes)
    assert found == pytest.approx((difference - below, difference + above), rel=1e-9)
    reverse = difference_interval(others, rates, probes)
    assert reverse == pytest.approx((-found[1], -found[0]), rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_pairs_help_and_never_leave_no_width():
    rates = np.linspace(0, 0.8, 10)
    low, high = difference_interval(rates + 0.2, rates, 9)
    apart_low, apart_high = difference_interval(rates + 0.2, np.roll(rates, 5), 9)
    assert low < 0.2 < high
    assert high - low < 0.7 * (apart_high - apart_low)
    for one, other in ((rates, rates), (np.zeros(10), np.zeros(10)), (np.ones(10), np.zeros(10)), ([0.5], [0.25])):
        low, high = difference_interval(one, other, 9)
        assert -1 <= low < high <= 1
        assert low <= np.mean(one) - np.mean(other) <= high


def test_the_interval_of_what_is_no_rate_is_the_percentile_bootstrap():
    values = np.random.default_rng(0).uniform(size=20) ** 2
    low, high = mean_interval(values, seed=1)
    random = np.random.default_rng(99)
    means = [random.choice(values, 20).mean() for _ in range(20000)]
    assert (low, high) == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.006)
    assert mean_interval(values, seed=1) == (low, high)
    assert mean_interval(values, seed=2) != (low, high)
    narrow = mean_interval(values, seed=1, confidence=0.5)
    assert low < narrow[0] < values.mean() < narrow[1] < high


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [[0.1] * 20, [1.0] * 3, [0.25], [0.0, 0.0]])
def test_the_mean_of_users_all_alike_is_their_value(values):
    assert mean_interval(np.array(values), seed=1) == (values[0], values[0])
