"""Which face in a person's photographs is that person's."""

import numpy as np

from uncloak.audit.person import choose, strangers


def faces_of(center, count, random, spread=0.1):
    return center + spread * random.standard_normal((count, len(center)))


def test_the_person_is_who_is_in_the_most_photographs():
    random = np.random.default_rng(1)
    me, friend = np.eye(8)[0] * 3, np.eye(8)[1] * 3
    photographs, right = [], []
    for number in range(9):
        own = faces_of(me, 1, random)
        others = faces_of(friend, 1, random) if number < 4 else random.standard_normal((number % 3, 8)) * 3
        place = int(random.integers(len(others) + 1))
        photographs.append(np.insert(others, place, own[0], axis=0))
        right.append(place)
    chosen, why = choose(photographs, threshold=1.5)
    assert chosen == right
    assert why == ["only" if len(each) == 1 else "same person" for each in photographs]


def test_where_nobody_is_known_the_largest_face_is_taken():
    random = np.random.default_rng(2)
    crowd = random.standard_normal((2, 8)) * 5
    assert choose([crowd], threshold=1.0) == ([0], ["largest"])
    chosen, why = choose([faces_of(np.ones(8), 1, random), crowd], threshold=1.0)
    assert (chosen, why) == ([0, 0], ["only", "largest"])


def test_who_is_not_the_person_is_told():
    random = np.random.default_rng(3)
    me, other, third = np.eye(8)[:3] * 3
    shuffled = random.permutation(17)
    whose = np.repeat([0, 1, 2], [10, 6, 1])[shuffled]
    faces = np.concatenate([faces_of(me, 10, random), faces_of(other, 6, random), faces_of(third, 1, random)])[shuffled]
    assert (strangers(faces, 1.5) == (whose != 0)).all()
    assert not strangers(faces[whose == 0], 1.5).any()
    assert not strangers(faces[:1], 1.5).any()


def test_one_poor_photograph_that_is_near_to_most_others_stays():
    faces = np.array([[0.0], [0.2], [0.4], [1.1]])
    assert strangers(faces, 1.0).tolist() == [False] * 4
    assert strangers(faces, 0.8).tolist() == [False, False, False, True]
