"""Two parts of a gallery, against scikit-learn's k-means, and which of them stays."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from uncloak.defenses.two_means import Options, gallery, two_means
from uncloak.errors import InputError
from uncloak.recognition.seen import Scraped


def person(faces, name="x") -> Scraped:
    count = len(faces)
    pictures = np.array([f"{name}/{number}" for number in range(count)])
    return Scraped(name, pictures, np.float64(faces), np.empty((0, count)), np.ones(count, dtype=bool))


def strangers(count: int = 12, seed: int = 3) -> list[Scraped]:
    """People whose pictures lie about a center of their own."""
    random = np.random.default_rng(seed)
    return [person(10 * random.normal(size=3) + random.normal(size=(6, 3)), f"s{number}") for number in range(count)]


def kept(faces, people=None, **options) -> list[int]:
    """Return the faces that stay."""
    stays = gallery(iter(strangers() if people is None else people), Options(**options))
    return np.flatnonzero(stays(person(faces))).tolist()


@pytest.mark.parametrize("seed", range(8))
def test_parts_and_centers_are_scikit_learns(seed):
    random = np.random.default_rng(seed)
    faces = random.normal(size=(30, 5)) + 1.5 * random.integers(0, 2, (30, 1))
    away = np.square(faces[:, None] - faces).sum(axis=2)
    starts = faces[list(np.unravel_index(away.argmax(), away.shape))]
    expected = KMeans(2, init=starts, n_init=1, algorithm="lloyd", tol=0).fit(faces)
    second, centers = two_means(faces)
    assert second.tolist() == (expected.labels_ == 1).tolist()
    np.testing.assert_allclose(centers, expected.cluster_centers_, rtol=1e-12)
    # It took more than one round.
    assert expected.n_iter_ > 1


def test_faces_that_are_the_same_are_one_part():
    assert two_means(np.ones((4, 3))) is None
    assert two_means(np.ones((1, 3))) is None
    second, centers = two_means(np.array([[0.0], [4.0]]))
    assert second.tolist() == [False, True]
    assert centers.tolist() == [[0.0], [4.0]]
    assert kept(np.ones((4, 3)), deviations=-1e9) == [0, 1, 2, 3]
    assert kept([[0.0, 0.0, 0.0]], deviations=-1e9) == [0]


def test_a_gallery_is_divided_from_so_many_deviations_above_the_usual_distance():
    apart = [np.linalg.norm(np.subtract(*two_means(each.embedding)[1])) for each in strangers()]
    for deviations in (0.0, 1.0, 3.0):
        most = np.mean(apart) + deviations * np.std(apart)
        three = np.zeros((3, 3))
        for distance, expected in ((0.999 * most, [0, 1, 2]), (1.001 * most, [0, 1])):
            three[2, 0] = distance
            assert kept(three, deviations=deviations) == expected
    # Of who has one picture, or the same one again, nothing is learned.
    more = [*strangers(), person([[1.0, 0.0, 0.0]], "one"), person(np.ones((3, 3)), "same")]
    three[2, 0] = 1.001 * (np.mean(apart) + np.std(apart))
    assert kept(three, more, deviations=1.0) == [0, 1]
    assert kept(0.99 * three, more, deviations=1.0) == [0, 1, 2]


def test_the_part_stays_that_the_options_name():
    people = [person([[21.0, 0, 0], [20, 1, 0]], "near"), person([[-499.0, 0, 0], [-500, 1, 0]], "far")]
    # Three faces at home, two that were moved toward somebody.
    faces = np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 1], [15, 0, 0], [15, 1, 0]])
    options = {"people": people, "deviations": 1.0}
    assert kept(faces, **options, keep="larger") == kept(faces, **options, keep="farther") == [0, 1, 2]
    assert kept(faces, **options, keep="smaller") == kept(faces, **options, keep="nearer") == [3, 4]
    assert kept(faces[1:], **options, keep="larger") == kept(faces[1:], **options, keep="smaller") == [0, 1, 2, 3]
    assert kept(faces[1:], **options, keep="farther") == [0, 1]
    # Nobody is somebody else to themselves, in whatever order pictures come.
    own = [*people, person(faces, "x")]
    assert kept(faces, own, deviations=0.0, keep="farther") == [0, 1, 2]
    assert kept(faces[::-1], **options, keep="farther") == [2, 3, 4]


def test_without_strangers_nothing_is_usual():
    for people in ([], [person([[1.0, 2, 3]], "one")]):
        with pytest.raises(InputError, match="two_means: it needs people who are no users, with two pictures or more"):
            gallery(iter(people), Options())
