"""The parts of a split that recognition compares: gallery faces and probes."""

import pandas as pd

from uncloak.errors import InputError
from uncloak.pictures.split import BACKGROUND, GALLERY, PARTS, PROBE, ROLES, USER, in_role


def gallery_and_probes(split: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of gallery faces and of probes, by identity and picture, without background identities.

    Args:
        split: columns picture, identity, part (gallery, probe, none) and role (user, public, detector, background,
            other).

    Raises InputError for a faulty split, or users without gallery faces or probes.
    """
    needed = ("picture", "identity", "part", "role")
    missing = [column for column in needed if column not in split]
    if missing:
        raise InputError(f"split: has no column '{missing[0]}'; it needs {', '.join(needed)}")
    split = split.loc[:, list(needed)].astype(str)
    for column, allowed in (("part", PARTS), ("role", ROLES)):
        wrong = split[~split[column].isin(allowed)]
        if len(wrong):
            raise InputError(
                f"split: picture '{wrong.iloc[0].picture}' has the {column} '{wrong.iloc[0][column]}';"
                f" it must be one of {', '.join(allowed)}"
            )
    repeated = split[split["picture"].duplicated()]
    if len(repeated):
        raise InputError(f"split: picture '{repeated.iloc[0].picture}' stands twice; keep one row of it")
    roles = split.drop_duplicates(["identity", "role"])
    torn = roles[roles["identity"].duplicated()]
    if len(torn):
        raise InputError(f"split: identity '{torn.iloc[0].identity}' has several roles; give it one")
    split = split[split["role"] != BACKGROUND].sort_values(["identity", "picture"])
    gallery, probes = (split[split["part"] == part] for part in (GALLERY, PROBE))
    users = set(in_role(split, USER)["identity"])
    if not users:
        raise InputError("split: has no users; give the role 'user' to at least one identity")
    for part, rows in ((GALLERY, gallery), (PROBE, probes)):
        without = sorted(users - set(rows["identity"]))
        if without:
            raise InputError(
                f"split: user '{without[0]}' has no {part} pictures; take identities with more pictures as users"
            )
    return gallery, probes
