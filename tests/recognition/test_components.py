"""Variance components against sums written out, and against what a table was made of."""

import numpy as np
import pytest

from uncloak.recognition.components import components, components_of_others


def by_hand(errors):
    """Return (seeds, users, rest) of errors[s][u], sum by sum."""
    seeds, users = len(errors), len(errors[0])
    mean = sum(map(sum, errors)) / (seeds * users)
    of_seed = [sum(row) / users for row in errors]
    of_user = [sum(row[u] for row in errors) / seeds for u in range(users)]
    rest = sum((errors[s][u] - of_seed[s] - of_user[u] + mean) ** 2 for s in range(seeds) for u in range(users)) / (
        (seeds - 1) * (users - 1)
    )
    between_seeds = users * sum((value - mean) ** 2 for value in of_seed) / (seeds - 1)
    between_users = seeds * sum((value - mean) ** 2 for value in of_user) / (users - 1)
    return max(0, (between_seeds - rest) / users), max(0, (between_users - rest) / seeds), rest


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (6, 20)])
def test_equals_the_mean_squares_written_out(shape):
    random = np.random.default_rng(0)
    for _ in range(5):
        errors = random.random(shape) + random.random(shape[1])
        found = components(errors)
        assert (found.seeds, found.users, found.rest) == pytest.approx(by_hand(errors.tolist()))


def test_one_source_has_it_all():
    by_seed, by_user = np.array([0.0, 0.1, 0.5]), np.array([0.2, 0.3, 0.3, 0.4])
    only_seeds, only_users = np.tile(by_seed[:, None], 4), np.tile(by_user, (3, 1))
    found = components(only_seeds)
    assert (found.seeds, found.users, found.rest) == pytest.approx((by_seed.var(ddof=1), 0, 0), abs=1e-12)
    assert found.share_of_seeds == pytest.approx(1)
    found = components(only_users)
    assert (found.seeds, found.users, found.rest) == pytest.approx((0, by_user.var(ddof=1), 0), abs=1e-12)
    assert found.share_of_seeds == pytest.approx(0)
    both = components(only_seeds + only_users)
    assert (both.seeds, both.users) == pytest.approx((by_seed.var(ddof=1), by_user.var(ddof=1)))
    assert components(np.full((3, 4), 0.5)).share_of_seeds == 0


def test_finds_what_tables_were_made_of():
    random = np.random.default_rng(1)
    found = []
    for _ in range(400):
        errors = 0.5 + 0.1 * random.standard_normal((5, 1)) + 0.2 * random.standard_normal(12)
        found.append(components(errors + 0.15 * random.standard_normal((5, 12))))
    means = [np.mean([getattr(each, name) for each in found]) for name in ("seeds", "users", "rest")]
    assert means == pytest.approx([0.01, 0.04, 0.0225], rel=0.1)


def test_users_of_each_seed_equal_the_mean_squares_written_out():
    errors = [[0.1, 0.3], [0.5, 0.7, 0.9], [0.2, 0.2, 0.4, 0.6]]
    everything = [value for own in errors for value in own]
    mean = sum(everything) / 9
    of_seed = [sum(own) / len(own) for own in errors]
    within = sum((value - of_seed[s]) ** 2 for s, own in enumerate(errors) for value in own) / (9 - 3)
    between = sum(len(own) * (of_seed[s] - mean) ** 2 for s, own in enumerate(errors)) / 2
    size = (9 - (4 + 9 + 16) / 9) / 2
    found = components_of_others([np.array(own) for own in errors])
    assert (found.seeds, found.users, found.rest) == pytest.approx(((between - within) / size, within, 0))
    assert components_of_others([np.array([0.0, 1.0])] * 3).seeds == 0


def test_finds_what_seeds_and_their_users_were_made_of():
    random = np.random.default_rng(2)
    found = []
    for _ in range(400):
        seeds = 0.1 * random.standard_normal(5)
        found.append(components_of_others([seed + 0.2 * random.standard_normal(9) for seed in seeds]))
    assert [np.mean([each.seeds for each in found]), np.mean([each.users for each in found])] == pytest.approx(
        [0.01, 0.04], rel=0.1
    )
