"""Whom a targeted attack moves its pictures to: farthest strangers by Fawkes' rule, partners in a ring."""

import numpy as np
import pandas as pd
import pytest
from reference_computations import floats, random_projection, smooth_faces
from torch import nn

from uncloak.attacks import targets
from uncloak.errors import InputError
from uncloak.records.attacks import Farthest, Partner


def test_target_is_one_of_the_twenty_farthest_from_the_nearest_face():
    random = np.random.default_rng(0)
    user = random.normal(size=(6, 5))
    candidates = {f"p{k}": random.normal(size=(3, 5)) * (1 + k / 10) for k in range(30)}
    nearest = {name: min(np.linalg.norm(user - c.mean(0), axis=1)) for name, c in candidates.items()}
    farthest = set(sorted(nearest, key=nearest.get)[-20:])
    chosen = [targets.choose_target(user, candidates, seed) for seed in range(300)]
    assert set(chosen) == farthest
    backwards = {name: candidates[name] for name in reversed(candidates)}
    assert targets.choose_target(user, backwards, 7) == chosen[7]
    means = {name: values.mean(axis=0) for name, values in candidates.items()}
    assert targets.choose_target(user, means, 7) == chosen[7]
    with pytest.raises(InputError, match="no identity"):
        targets.choose_target(user, {}, 0)


def test_an_average_target_is_the_one_nearest_to_the_mean_distance():
    random = np.random.default_rng(0)
    user = random.normal(size=(6, 5))
    candidates = {f"p{k}": random.normal(size=(3, 5)) * (1 + k / 10) for k in range(30)}
    nearest = {name: min(np.linalg.norm(user - c.mean(0), axis=1)) for name, c in candidates.items()}
    mean = np.mean(list(nearest.values()))
    expected = sorted(nearest, key=lambda name: abs(nearest[name] - mean))[0]
    assert {targets.choose_target(user, candidates, seed, "average") for seed in range(5)} == {expected}
    # Equally near to the mean: the first by name.
    both = {"b": np.array([2.0]), "a": np.array([4.0])}
    assert targets.choose_target(np.zeros((1, 1)), both, 0, "average") == "a"


def test_target_pictures_are_the_first_ten_doubled_until_they_suffice():
    pictures = [f"a/{k:02}" for k in range(12)]
    drawn = targets.draw_targets(pictures[::-1], 10, seed=1)
    assert sorted(drawn) == pictures[:10]
    assert drawn == targets.draw_targets(pictures, 10, seed=1) != targets.draw_targets(pictures, 10, seed=2)
    many = targets.draw_targets(pictures[:3], 12, seed=1)
    assert {name: many.count(name) for name in pictures[:3]} == dict.fromkeys(pictures[:3], 4)
    with pytest.raises(InputError, match="no picture"):
        targets.draw_targets([], 1, 0)


class Projection(nn.Module):
    """A random linear embedding, as a module."""

    def __init__(self, seed: int):
        super().__init__()
        self._embed = random_projection(seed)

    def forward(self, faces):
        return self._embed(faces.float())


def names(*people: str) -> list[str]:
    return [f"{person}/{number}" for person in people for number in range(4)]


def test_each_user_gets_one_far_identity_whatever_the_order_of_the_pictures():
    users, strangers = names("ann", "bob"), names(*(f"s{k:02}" for k in range(30)))
    faces, candidates = smooth_faces(len(users), seed=1), smooth_faces(len(strangers), seed=2)
    surrogate = Projection(0)
    chosen = targets.chosen_strangers(faces, users, candidates, strangers, [surrogate], seed=5)
    owners = [{strangers[row].split("/")[0] for row in chosen[start : start + 4]} for start in (0, 4)]
    assert [len(each) for each in owners] == [1, 1]
    assert len(set(chosen[:4])) == 4

    own = surrogate(floats(faces)).numpy()
    offered = surrogate(floats(candidates)).numpy().reshape(30, 4, -1).mean(axis=1)
    for start, (owner,) in zip((0, 4), owners, strict=True):
        distances = np.linalg.norm(own[start : start + 4, None] - offered, axis=2).min(axis=0)
        assert int(owner[1:]) in np.argsort(-distances)[:20]

    order = np.random.default_rng(0).permutation(len(users))
    mixed = targets.chosen_strangers(
        faces[order], [users[row] for row in order], candidates, strangers, [surrogate], seed=5
    )
    np.testing.assert_array_equal(mixed, chosen[order])


def test_separate_targets_are_chosen_picture_by_picture():
    users, strangers = names("ann"), names(*(f"s{k:02}" for k in range(30)))
    faces, candidates = smooth_faces(4, seed=1), smooth_faces(len(strangers), seed=2)
    chosen = targets.chosen_strangers(faces, users, candidates, strangers, [Projection(0)], seed=5, separate=True)
    alone = targets.chosen_strangers(
        faces[2:3], users[2:3], candidates, strangers, [Projection(0)], seed=5, separate=True
    )
    assert chosen[2] == alone[0]
    assert len({strangers[row].split("/")[0] for row in chosen}) > 1


def test_partners_form_one_ring():
    people = ["ann", "bob", "cy", "dee", "eve"]
    pictures = [f"{person}/{number}" for person in people for number in range(3 + len(person))]
    for seed in range(5):
        aims = [pictures[row] for row in targets.partners(pictures, seed)]
        following = {}
        for picture, aim in zip(pictures, aims, strict=True):
            following.setdefault(picture.split("/")[0], set()).add(aim.split("/")[0])
        assert all(len(each) == 1 for each in following.values())
        person, visited = people[0], []
        while person not in visited:
            visited.append(person)
            (person,) = following[person]
        assert sorted(visited) == people
    order = np.random.default_rng(0).permutation(len(pictures))
    shuffled = [pictures[row] for row in order]
    mixed = [shuffled[row] for row in targets.partners(shuffled, 4)]
    assert mixed == [aims[row] for row in order]


def test_a_single_user_has_no_partner():
    with pytest.raises(InputError, match="at least two users"):
        targets.partners(["ann/0", "ann/1"], 1)


def test_candidates_are_some_pictures_of_some_people():
    pictures = names(*(f"s{k:02}" for k in range(10)))
    rows = targets.choose_candidates(pictures, people=4, per_person=3, seed=1)
    owners = [pictures[row].split("/")[0] for row in rows]
    assert len(set(owners)) == 4
    assert all(owners.count(owner) == 3 for owner in owners)


def test_targets_are_chosen_as_a_record_says():
    """Called as from a notebook."""
    split = pd.DataFrame({"picture": names("ann", "s0", "s1", "s2"), "identity": "", "part": "none"})
    split["role"] = ["other"] * 4 + ["background"] * 12
    record = Farthest(dataset="people", people=2, pictures=3)
    pictures = targets.offered_pictures(record, split, 5)
    assert len(pictures) == 6
    assert not any(picture.startswith("ann/") for picture in pictures)
    offered = targets.Offered(smooth_faces(6, seed=2), pictures)
    faces, users = smooth_faces(4, seed=1), names("ann")
    chosen = targets.choose_targets(record, users, 5, faces=faces, offered=offered, surrogates=[Projection(0)])
    rows = targets.chosen_strangers(faces, users, offered.faces, pictures, [Projection(0)], 5)
    assert chosen.tolist() == pictures[rows].tolist()
    pair = names("ann", "bob")
    aims = targets.choose_targets(Partner(choice="partner"), pair, 5)
    assert aims.tolist() == [pair[row] for row in targets.partners(pair, 5)]
