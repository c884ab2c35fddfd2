"""How much each attack shows in each posted picture of the users; a mixture shows what its attacks do."""

import os
from collections.abc import Mapping, Sequence

import pandas as pd

from uncloak.attacks.mixture import assign
from uncloak.pictures.landmarks import SHIFT
from uncloak.pictures.names import identities_of
from uncloak.pictures.stored import MISSING
from uncloak.store import open_arrays, read_arrays
from uncloak.tables import read_table
from uncloak.visibility.pictures import MEASURES
from uncloak.visibility.users import COLUMNS, OPTIONAL


def read_measured(perturbed: str | os.PathLike, lpips: str | os.PathLike | None = None) -> pd.DataFrame:
    """Read the measures of an attack's pictures: columns `MEASURES`, lpips and landmark_shift, by picture.

    lpips is NaN without its table, landmark_shift where the faces were not searched for anew in posted photographs.
    Where an external attack is there in part, a column `uncloak.pictures.stored.MISSING`, too.

    Raises InputError where a file is missing or damaged, or lacks a measure.
    """
    arrays = dict(zip(["picture", *MEASURES], read_arrays(perturbed, "picture", *MEASURES), strict=True))
    table = pd.DataFrame(arrays).set_index("picture").assign(**dict.fromkeys(OPTIONAL, float("nan")))
    with open_arrays(perturbed) as file:
        if SHIFT in file:
            table[SHIFT] = file[SHIFT][()]
        if MISSING in file:
            table[MISSING] = file[MISSING].asstr()[()]
    if lpips is not None:
        table["lpips"] = read_table(lpips, "picture", "lpips").set_index("picture")["lpips"]
    return table


def by_picture(
    dataset: str,
    posted: Sequence[str],
    attacks: Mapping[str, Mapping[str, float]],
    measured: Mapping[str, pd.DataFrame],
    seed: int,
) -> pd.DataFrame:
    """Return the measures of all pictures as posted: columns `uncloak.visibility.users.COLUMNS`, and MISSING if told.

    Args:
        dataset: its name, for the table.
        posted: ids of the users' pictures.
        attacks: attack -> its shares, which only a mixture has.
        measured: attack -> the measures of its pictures (`read_measured`); mixtures are put together from these.
        seed: of the experiment, which also says what of a mixture each picture gets.
    """
    rows = []
    for attack, shares in attacks.items():
        assigned = assign(posted, shares, seed) if shares else [attack] * len(posted)
        own = pd.concat([measured[made_by].loc[[name]] for name, made_by in zip(posted, assigned, strict=True)])
        rows.append(own.reset_index().assign(attack=attack))
    table = pd.concat(rows, ignore_index=True)
    table = table.assign(dataset=dataset, user=identities_of(table["picture"]))
    missing = [MISSING] if MISSING in table else []
    return table[[*COLUMNS[:4], *MEASURES, *OPTIONAL, *missing]].fillna(dict.fromkeys(missing, ""))
