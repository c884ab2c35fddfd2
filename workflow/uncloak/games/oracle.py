"""The oracle of both games: whether posted pictures pass for the user's own (ICLR 2022, section 2.2 and figure 8).

O(X, X_adv) says whether the perturbation is small; where it is not, the user has lost whatever the trainer does. The
paper leaves open how small. Here it is the mean DSSIM over the users' pictures, which was measured.
"""

from collections.abc import Collection

import pandas as pd

from uncloak.errors import InputError


def refused(visibility: pd.DataFrame, attacks: Collection[str], largest_dssim: float) -> list[str]:
    """Return those of the attacks whose pictures do not pass: their mean DSSIM is above `largest_dssim`, in [0,1].

    visibility: one row per attack, with columns attack and dssim (`uncloak.visibility.users.visibility`).

    Raises InputError where it has not one row of an attack.
    """
    shown = visibility[["attack", "dssim"]]
    for attack in attacks:
        rows = int((shown["attack"] == attack).sum())
        if rows != 1:
            raise InputError(
                f"visibility table: has {rows} rows of attack '{attack}', whose pictures the games judge; it needs one"
            )
    return [attack for attack in attacks if shown.set_index("attack").loc[attack, "dssim"] > largest_dssim]
