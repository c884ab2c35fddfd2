"""Thresholds against every gallery that can be drawn, and against people whom nobody has seen."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncloak.recognition.thresholds import Impostors, chances, lowest_share, size_to_draw

RATES = np.array([0.5, 0.3, 0.1, 0.02])
PEOPLE = 120


@pytest.mark.parametrize(("count", "size"), [(1, 1), (4, 1), (4, 4), (6, 3), (7, 2)])
def test_chances_are_those_of_all_draws(count, size):
    nearest = [min(drawn) for drawn in combinations(range(count), size)]
    expected = [nearest.count(place) / len(nearest) for place in range(count - size + 1)]
    assert chances(count, size) == pytest.approx(expected)


def every_gallery(squared, owners, askers, size):
    """Return each pair's distances to all the galleries of `size` that can be drawn."""
    return [
        [squared[probe, list(drawn)].min() for drawn in combinations(np.flatnonzero(owners == person), size)]
        for probe in range(len(squared))
        for person in np.unique(owners)
        if person != askers[probe] and np.count_nonzero(owners == person) >= size
    ]


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    probes=st.integers(0, 12),
    size=st.integers(1, 5),
    values=st.sampled_from([3, 40, 10**6]),  # few: many distances are equal
    block=st.integers(1, 12),
    seed=st.integers(0, 999),
)
def test_at_most_the_rate_of_all_galleries_that_can_be_drawn_lie_below(counts, probes, size, values, block, seed):
    random = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(counts)), counts)
    askers = random.integers(-1, len(counts), probes)
    squared = random.integers(0, values, (probes, len(owners))).astype(np.float32)
    found = Impostors(owners, askers, size, RATES)
    for first in range(0, probes, block):
        found.add(squared[first : first + block], askers[first : first + block])
    pairs = every_gallery(squared, owners, askers, size)
    assert found.pairs == len(pairs)
    thresholds = found.thresholds()
    if not pairs:
        assert np.isnan(thresholds).all()
        return
    distances = np.unique(np.concatenate(pairs))
    shares = np.array([np.mean([np.mean(np.array(pair) < distance) for pair in pairs]) for distance in distances])
    for rate, threshold in zip(RATES, thresholds, strict=True):
        assert threshold == distances[shares <= rate + 1e-9].max()


def test_a_gallery_of_all_pictures_is_the_plain_count():
    random = np.random.default_rng(0)
    owners, askers = np.repeat(np.arange(8), 4), np.repeat(np.arange(8), 3)
    squared = random.random((24, 32)).astype(np.float32)
    found = Impostors(owners, askers, 4, RATES)
    found.add(squared, askers)
    nearest = squared.reshape(24, 8, 4).min(axis=2)[askers[:, None] != np.arange(8)]
    assert found.pairs == len(nearest) == 24 * 7
    assert found.thresholds().tolist() == [lowest_share(nearest, rate) for rate in RATES]


def test_as_many_pictures_are_drawn_as_ten_people_have():
    counts = np.array([3] * 5 + [9] * 6 + [20] * 4)
    assert [size_to_draw(counts, size) for size in (1, 3, 8, 9, 15)] == [1, 3, 8, 9, 9]
    # Of fewer than ten people, as many as all have.
    assert size_to_draw(np.array([7, 4, 5]), 6) == 4
    assert size_to_draw(np.array([], dtype=int), 6) == 6


def crowd(random, pictures):
    """Return faces [PEOPLE,pictures,8] and a probe [PEOPLE,8] of each person, about one center."""
    centers = random.standard_normal((PEOPLE, 1, 8))
    faces = centers + 0.7 * random.standard_normal((PEOPLE, pictures, 8))
    return faces, centers[:, 0] + 0.7 * random.standard_normal((PEOPLE, 8))


def distances(probes, faces):
    """Return the squared distances [PEOPLE,G] to all faces in the order of people."""
    return np.square(probes[:, None] - faces.reshape(-1, 8)).sum(axis=2).astype(np.float32)


@pytest.mark.parametrize(("size", "of_all"), [(1, 0.2), (3, 0.45), (10, 0.85)])
def test_people_whom_nobody_has_seen_are_accepted_at_the_rate(size, of_all):
    rates, accepted, wrong = np.array([0.1, 0.01]), [], []
    owners, askers = np.repeat(np.arange(PEOPLE), 15), np.arange(PEOPLE)
    for seed in range(8):
        random = np.random.default_rng(seed)
        faces, probes = crowd(random, 15)
        thresholds = []
        for drawn in (size, 15):
            found = Impostors(owners, askers, drawn, rates)
            found.add(distances(probes, faces), askers)
            thresholds.append(found.thresholds())
        # Others, with galleries of the user's size.
        faces, probes = crowd(random, size)
        nearest = distances(probes, faces).reshape(PEOPLE, PEOPLE, size).min(axis=2)
        strangers = nearest[~np.eye(PEOPLE, dtype=bool)]
        accepted.append([np.mean(strangers < threshold) for threshold in thresholds[0]])
        wrong.append([np.mean(strangers < threshold) for threshold in thresholds[1]])
    assert np.mean(accepted, axis=0) == pytest.approx(rates, rel=0.2)
    # A threshold chosen by galleries of all their pictures accepts fewer than it says.
    assert (np.mean(wrong, axis=0) < of_all * rates).all()
