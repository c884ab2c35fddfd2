"""A split anew: other users and probes, and everybody else in the role that others have learned from."""

import pandas as pd
import pytest

from uncloak.pictures.split import split, split_anew

PICTURES = [f"{name}/{number:02d}" for name in "abcdefghijklmnop" for number in range(4 + 6 * (name < "k"))]
ROLES = {"user": 3, "public": 2, "detector": 2, "background": 2}
HOW = {"gallery_share": 0.7, "minimum_user_pictures": 8}


def first():
    return split(PICTURES, ROLES, seed=1, **HOW)[0]


def roles_of(table):
    return table.drop_duplicates("identity").set_index("identity")["role"]


def test_users_and_probes_are_others_and_other_roles_stay():
    before = first()
    anew = [split_anew(before, seed=seed, **HOW) for seed in range(2, 12)]
    users = set()
    for table in anew:
        pd.testing.assert_frame_equal(table[["picture", "identity"]], before[["picture", "identity"]])
        roles, had = roles_of(table), roles_of(before)
        for role in ("public", "detector", "background"):
            assert set(roles.index[roles == role]) == set(had.index[had == role])
        own = roles.index[roles == "user"]
        assert len(own) == 3
        # Those with many pictures, and nobody from whom anything was learned.
        assert set(own) <= set("abcdefghij") & set(had.index[had.isin(["user", "other"])])
        users |= {*own}
        pd.testing.assert_series_equal(*(each.groupby("identity")["part"].value_counts() for each in (table, before)))
        assert not table["part"].equals(before["part"])
    assert len(users) > 3
    assert not all(roles_of(table).equals(roles_of(anew[0])) for table in anew)


def test_by_the_same_seed_it_is_the_same_split_where_nobody_learned():
    alone = split(PICTURES, {"user": 3}, seed=1, **HOW)[0]
    pd.testing.assert_frame_equal(split_anew(alone, seed=1, **HOW), alone)
    pd.testing.assert_frame_equal(
        split_anew(alone, seed=5, **HOW), split(PICTURES, {"user": 3}, seed=5, **HOW)[0], check_like=True
    )


@pytest.mark.parametrize("seed", [2, 3])
def test_named_users_stay_and_their_probes_do_not(seed):
    before = first()
    table = split_anew(before, seed=seed, named=True, **HOW)
    assert table["role"].equals(before["role"])
    assert not table["part"].equals(before["part"])
