"""Roles that people have by name or by folder, beside those drawn by lot."""

import hashlib
from unicodedata import normalize

import pytest

from uncloak.errors import InputError
from uncloak.pictures.split import split

PEOPLE = {f"person{i:02d}": 10 + i for i in range(20)}
PICTURES = [f"{identity}/{number:03d}" for identity, count in PEOPLE.items() for number in range(count)]
ROLES = {"user": 4, "public": 3, "detector": 2, "background": 5}
OTHERS = {name: number for name, number in ROLES.items() if name != "user"}
# As it was drawn before users had names.
DRAWN = {
    "user": [3, 6, 12, 18],
    "public": [4, 10, 14],
    "detector": [11, 19],
    "background": [0, 1, 7, 8, 15],
    "other": [2, 5, 9, 13, 16, 17],
}
SHA256 = "0e8aba39b6ac375b25b47e97565b23c179b3cf1d0c9601c6776f06e7a7e53a2a"  # of the whole table


def people(table) -> dict[str, list[int]]:
    """Role -> the numbers of its people."""
    first = table.drop_duplicates("identity")
    return {role: [int(name[-2:]) for name in own["identity"]] for role, own in first.groupby("role")}


def drawn(roles=ROLES, **options):
    return split(PICTURES, roles, seed=3, **{"minimum_user_pictures": 12, **options})[0]


def parts(table) -> dict[str, str]:
    return dict(zip(table["picture"], table["part"], strict=True))


def test_a_lot_draws_whom_it_always_drew():
    table = drawn()
    assert people(table) == DRAWN
    assert hashlib.sha256(table.to_csv(index=False).encode()).hexdigest() == SHA256


def test_named_users_are_all_users_and_leave_the_lots_of_others():
    assert people(drawn(OTHERS, users=[f"person{i:02d}" for i in DRAWN["user"]])) == DRAWN
    named = drawn(OTHERS, users=["person16", "person02"])
    found = people(named)
    assert found["user"] == [2, 16]
    # Only who was drawn as a user is free for another role, in the order of the lots.
    assert {name: len(own) for name, own in found.items() if name != "user"} == {**OTHERS, "other": 8}
    # Nobody's probes move.
    pairs = [(part, parts(named)[picture]) for picture, part in parts(drawn()).items()]
    assert all(before == after for before, after in pairs if "none" not in (before, after))


def test_distractors_are_in_the_gallery_alone():
    table = drawn({**ROLES, "distractor": 2})
    found = people(table)
    # They are drawn last, from those who would be other.
    assert {name: own for name, own in found.items() if name in ROLES} == {name: DRAWN[name] for name in ROLES}
    assert sorted(found["distractor"] + found["other"]) == DRAWN["other"]
    of_distractors = table["role"] == "distractor"
    assert set(table.loc[of_distractors, "part"]) == {"gallery"}
    assert of_distractors.sum() == sum(10 + number for number in found["distractor"])
    rest = table[~of_distractors]
    assert parts(rest).items() <= parts(drawn()).items()


def test_given_distractors_need_no_minimum_and_take_part_in_no_lot():
    crowd = ["alone/000", "pair/000", "pair/001"]
    table, dropped = split(
        [*PICTURES, *crowd, "few/000"],
        {**ROLES, "distractor": 1},
        seed=3,
        minimum_pictures=10,
        minimum_user_pictures=12,
        too_few="drop",
        distractors=["alone", "pair", "not there"],
    )
    assert dropped["identity"].tolist() == ["few"]
    given = table[table["identity"].isin(["alone", "pair"])]
    assert given["picture"].tolist() == crowd
    assert set(given["role"]) == {"distractor"}
    assert set(given["part"]) == {"gallery"}
    rest = table[~table["picture"].isin(crowd)].reset_index(drop=True)
    assert rest.equals(drawn({**ROLES, "distractor": 1}))


def test_a_name_is_found_in_any_unicode_form():
    names = [f"{normalize('NFD', 'Zoë')}/{number}" for number in range(6)] + [f"Bob/{number}" for number in range(6)]
    table, _ = split(names, {}, seed=0, users=["Zoë"])
    assert set(table.loc[table["role"] == "user", "identity"]) == {normalize("NFD", "Zoë")}


@pytest.mark.parametrize(
    ("users", "options", "message"),
    [
        (["person_03"], {}, r"user 'person_03' is not among the 20 identities .*; do you mean 'person03'\?"),
        (["person00"], {}, r"user 'person00' has 10 usable pictures, fewer than 12"),
        (["person03"], {"minimum_pictures": 14, "too_few": "drop"}, r"user 'person03' has 13 .* fewer than 14"),
        (["person03"], {"distractors": ["person03"]}, r"user 'person03' is in a folder of distractors; .*`without`"),
        (["person03"], {"roles": ROLES}, r"users are named, and 4 are to be drawn, too"),
        (["person03"], {"roles": {"background": 20}}, r"20 identities are wanted .* but only 19 of 20 are left"),
    ],
)
def test_users_who_cannot_be_are_told(users, options, message):
    with pytest.raises(InputError, match=message):
        drawn(**{"roles": OTHERS, **options}, users=users)
