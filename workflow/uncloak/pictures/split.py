"""The split of a dataset: a role for each identity, and gallery or probe for each picture."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from uncloak.errors import InputError
from uncloak.pictures.names import identities_of, identity_of
from uncloak.records.words import spelled, suggestion
from uncloak.seeds import generator
from uncloak.tables import read_text, write_table

USER, PUBLIC, DETECTOR, BACKGROUND = "user", "public", "detector", "background"
DISTRACTOR, OTHER = "distractor", "other"
ROLES = (USER, PUBLIC, DETECTOR, BACKGROUND, DISTRACTOR, OTHER)
GALLERY, PROBE, NEITHER = "gallery", "probe", "none"
PARTS = (GALLERY, PROBE, NEITHER)

# Users are drawn first, because they alone must have many pictures; identities left over are "other".
_DRAWN = ROLES[:-1]
_COLUMNS = ["picture", "identity", "part", "role"]
_DROPPED_COLUMNS = ["identity", "pictures", "reason"]


def split(
    pictures: Iterable[str],
    roles: Mapping[str, int],
    *,
    seed: int,
    gallery_share: float = 0.7,
    minimum_pictures: int = 1,
    minimum_user_pictures: int = 4,
    too_few: str = "error",
    users: Collection[str] | None = None,
    distractors: Collection[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split `pictures` ("identity/stem") and return (split, dropped).

    roles: numbers of identities for "user", "public", "detector", "background" and "distractor"; no identity has two
    roles, and the rest have role "other". Users are drawn among identities with at least `minimum_user_pictures`.
    users: who the users are, by name, in place of a lot; in any Unicode form.
    distractors: identities that have this role beside those drawn; they need no minimum of pictures.

    The split has columns picture, identity, part and role, sorted by picture. Of an identity's N pictures
    int((1 - gallery_share) N) are probes and the rest gallery (attacks.md 5.2); all of a distractor's are gallery, and
    background identities have part "none". Each identity's probes, and its place in the drawing of roles, come from its
    own seeded stream: pictures of other identities never change them.

    Identities with fewer than `minimum_pictures` raise InputError (too_few "error") or are left out ("drop") and listed
    in dropped, columns identity, pictures, reason. Raises InputError where identities do not suffice for the roles, or
    a named user is not there, has too few pictures, or is among `distractors`.
    """
    _check(roles, gallery_share, minimum_user_pictures, too_few)
    if users and roles.get(USER):
        raise InputError(f"users are named, and {roles[USER]} are to be drawn, too; keep one")
    stems: dict[str, list[str]] = {}
    for picture in sorted(pictures):
        stems.setdefault(identity_of(picture), []).append(picture)
    counts = {identity: len(members) for identity, members in stems.items()}
    given = dict.fromkeys(counts.keys() & set(distractors), DISTRACTOR)
    given |= dict.fromkeys(_named(users or (), counts, given, max(minimum_user_pictures, minimum_pictures)), USER)

    dropped = [
        (identity, len(members), f"{len(members)} pictures, fewer than {minimum_pictures}")
        for identity, members in sorted(stems.items())
        if len(members) < minimum_pictures and identity not in given
    ]
    if dropped and too_few == "error":
        more = f" (and {len(dropped) - 1} more identities)" if len(dropped) > 1 else ""
        raise InputError(
            f"identity '{dropped[0][0]}' has {dropped[0][1]} usable pictures, fewer than {minimum_pictures}{more}; add "
            "pictures, lower the minimum, or drop such identities"
        )
    for identity, _, _ in dropped:
        del stems[identity], counts[identity]

    role = _draw_roles(counts, given, roles, minimum_user_pictures, seed)
    rows = []
    for identity, members in stems.items():
        asks = role[identity] not in (BACKGROUND, DISTRACTOR)
        probes = _draw_probes(identity, members, gallery_share, seed) if asks else set()
        for picture in members:
            part = NEITHER if role[identity] == BACKGROUND else PROBE if picture in probes else GALLERY
            rows.append((picture, identity, part, role[identity]))
    return pd.DataFrame(sorted(rows), columns=_COLUMNS), pd.DataFrame(dropped, columns=_DROPPED_COLUMNS)


def split_anew(
    first: pd.DataFrame, *, seed: int, gallery_share: float, minimum_user_pictures: int, named: bool = False
) -> pd.DataFrame:
    """Return a split of the same pictures, with other users and probes, drawn by another seed as `split` draws them.

    As many users are drawn among the users and the identities without a role that have at least
    `minimum_user_pictures`; they stay where they are `named`. All other roles stay: whoever an extractor or a detector
    has learned becomes no user. Of everybody who has probes, as many pictures as before are.
    """
    table = first.copy()
    roles = table.drop_duplicates("identity").set_index("identity")["role"]
    counts = table["identity"].value_counts()
    if not named:
        free = [name for name in roles.index[roles.isin((USER, OTHER))] if counts[name] >= minimum_user_pictures]
        drawn = _in_lots_order(free, seed)[: int((roles == USER).sum())]
        roles[roles == USER] = OTHER
        roles[drawn] = USER
    table["role"] = table["identity"].map(roles)
    for identity in sorted(set(table.loc[table["part"] == PROBE, "identity"])):
        own = table["identity"] == identity
        probes = _draw_probes(identity, sorted(table.loc[own, "picture"]), gallery_share, seed)
        table.loc[own, "part"] = table.loc[own, "picture"].isin(probes).map({True: PROBE, False: GALLERY})
    return table


def find_users(users: Iterable[str], identities: Collection[str]) -> list[str]:
    """Return the identities that users are named by, in any Unicode form; raises InputError where one is not there."""
    found = {user: spelled(user, identities) for user in users}
    for user, identity in found.items():
        if identity is None:
            raise InputError(
                f"user '{user}' is not among the {len(identities)} identities that have usable pictures;"
                f" {suggestion(user, identities)}"
            )
    return list(found.values())


def split_of_one_role(pictures: Sequence[str], role: str) -> pd.DataFrame:
    """Return the split of pictures whose people all have one role, in their order; none is gallery or probe."""
    rows = {"picture": pictures, "identity": identities_of(pictures), "part": NEITHER, "role": role}
    return pd.DataFrame(rows, columns=_COLUMNS)


def write_split(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a split as a table, whole or not at all."""
    write_table(table[_COLUMNS], path)


def read_split(path: str | os.PathLike) -> pd.DataFrame:
    """Read a split that was written as a table: picture, identity, part and role, all text.

    Raises InputError where the file is missing, cannot be read or is no split.
    """
    return read_text(path, *_COLUMNS)


def in_role(table: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return the rows of a split's identities in a role."""
    return table[table["role"] == role]


def no_probes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a split's pictures that a trainer may have: all but probes, which are kept for measuring."""
    return table[table["part"] != PROBE]


def _check(roles: Mapping[str, int], gallery_share: float, minimum_user_pictures: int, too_few: str) -> None:
    for name, number in roles.items():
        if name not in _DRAWN:
            raise InputError(f"role '{name}' is unknown; choose among {', '.join(_DRAWN)}")
        if number < 0:
            raise InputError(f"role '{name}': {number} identities were asked for; ask for none or more")
    if not 0 < gallery_share < 1:
        raise InputError(f"gallery share is {gallery_share}; it must lie between 0 and 1")
    if _count_probes(minimum_user_pictures, gallery_share) < 1:
        raise InputError(
            f"a user with {minimum_user_pictures} pictures would have no probe at gallery share {gallery_share}; raise "
            "the users' minimum number of pictures"
        )
    if too_few not in ("error", "drop"):
        raise InputError(f"too_few is '{too_few}'; choose error or drop")


def _count_probes(pictures: int, gallery_share: float) -> int:
    # Rounding first: 1 - 0.9 is a little below 0.1, and ten pictures must still give one probe.
    return int(round((1 - gallery_share) * pictures, 9))


def _draw_probes(identity: str, pictures: list[str], gallery_share: float, seed: int) -> set[str]:
    number = _count_probes(len(pictures), gallery_share)
    return set(generator(seed, "probes", identity).choice(pictures, size=number, replace=False).tolist())


def _in_lots_order(identities: Iterable[str], seed: int) -> list[str]:
    """Return identities in the order of their lots."""
    return sorted(identities, key=lambda identity: (generator(seed, "role", identity).random(), identity))


def _named(users: Collection[str], counts: Mapping[str, int], taken: Collection[str], minimum: int) -> list[str]:
    found = find_users(users, counts)
    for user in found:
        if user in taken:
            raise InputError(f"user '{user}' is in a folder of distractors; leave the person out of it (`without`)")
        if counts[user] < minimum:
            raise InputError(
                f"user '{user}' has {counts[user]} usable pictures, fewer than {minimum}; add pictures, lower the"
                " minimum, or name somebody else"
            )
    return found


def _draw_roles(
    counts: Mapping[str, int], given: Mapping[str, str], roles: Mapping[str, int], minimum_user: int, seed: int
) -> dict[str, str]:
    free = _in_lots_order(counts.keys() - given.keys(), seed)
    drawn = dict(given)
    for name in _DRAWN:
        wanted = roles.get(name, 0)
        eligible = [identity for identity in free if name != USER or counts[identity] >= minimum_user]
        if len(eligible) < wanted:
            condition = f" with at least {minimum_user} pictures" if name == USER else ""
            raise InputError(
                f"{wanted} identities{condition} are wanted for role '{name}', but only {len(eligible)} of "
                f"{len(counts)} are left; lower the numbers of identities per role or add identities"
            )
        drawn.update(dict.fromkeys(eligible[:wanted], name))
        free = [identity for identity in free if identity not in drawn]
    drawn.update(dict.fromkeys(free, OTHER))
    return drawn
