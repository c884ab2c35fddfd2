"""Mixtures: which pictures of an identity get which attack."""

import numpy as np
import pytest

from uncloak.attacks import mixture
from uncloak.errors import InputError


def test_mixture_divides_every_identity_by_the_shares():
    pictures = [f"person{i}/{k}" for i in range(40) for k in range(7 + i % 4)]
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    attacks = mixture.assign(pictures, shares, seed=1)
    for i in range(40):
        own = attacks[[picture.startswith(f"person{i}/") for picture in pictures]]
        counts = {name: int((own == name).sum()) for name in shares}
        assert sum(counts.values()) == 7 + i % 4
        assert all(abs(counts[name] - share * len(own)) < 1 for name, share in shares.items())
        if len(own) == 10:
            assert counts == {"a": 5, "b": 3, "c": 2}
    # An odd picture goes to either half, so that neither attack is favored over all users.
    halves = mixture.assign([f"person{i}/{k}" for i in range(200) for k in range(3)], {"a": 1, "b": 1}, seed=1)
    assert 260 < (halves == "a").sum() < 340


def test_mixture_depends_on_seed_and_identity_alone():
    pictures = [f"person{i}/{k}" for i in range(5) for k in range(9)]
    shares = {"a": 0.5, "b": 0.5}
    first = dict(zip(pictures, mixture.assign(pictures, shares, 1), strict=True))
    shuffled = list(np.random.default_rng(0).permutation(pictures))
    assert dict(zip(shuffled, mixture.assign(shuffled, {"b": 0.5, "a": 0.5}, 1), strict=True)) == first
    one = [picture for picture in pictures if picture.startswith("person3/")]
    assert mixture.assign(one, shares, 1).tolist() == [first[picture] for picture in one]
    assert mixture.assign(pictures, shares, 2).tolist() != list(first.values())
    assert set(mixture.assign(pictures, {"only": 3}, 1)) == {"only"}


def test_wrong_mixtures_are_told():
    with pytest.raises(InputError, match="at least one"):
        mixture.assign(["a/1"], {}, 0)
    with pytest.raises(InputError, match="share of 'x'"):
        mixture.assign(["a/1"], {"x": 0}, 0)
    with pytest.raises(InputError, match="twice"):
        mixture.assign(["a/1", "a/1"], {"x": 1}, 0)


def test_a_mixture_has_each_picture_from_its_attack():
    pictures = [f"person{i}/{k}" for i in range(3) for k in range(4)]
    made = {attack: dict.fromkeys(pictures, level) for attack, level in (("a", 1), ("b", 2))}

    def read(attack, own, size=5):
        return np.stack([np.full((size, size, 3), made[attack][picture], np.uint8) for picture in own])

    faces, attacks = mixture.mix(pictures, {"a": 0.5, "b": 0.5}, 1, read)
    assert attacks.tolist() == mixture.assign(pictures, {"a": 0.5, "b": 0.5}, 1).tolist()
    assert faces.shape == (12, 5, 5, 3)
    assert faces.dtype == np.uint8
    assert [face.max() for face in faces] == [1 if attack == "a" else 2 for attack in attacks]
    with pytest.raises(InputError, match=r"differ in size \(a 4 pixels, b 5 pixels\)"):
        mixture.mix(pictures, {"a": 0.5, "b": 0.5}, 1, lambda attack, own: read(attack, own, 4 if attack == "a" else 5))
