"""Numbers that others have published, each with its place: `resources/published`."""

import math
import os
from collections.abc import Sequence
from typing import Any

import pandas as pd

from uncloak.errors import InputError
from uncloak.tables import read_table

# What a number is about, in the words of its source where we have none of our own.
ABOUT = ("dataset", "attack", "extractor", "classifier", "defense", "posters", "quantity", "rank", "among")
COLUMNS = (
    *("source", "place", "dataset", "attack", "surrogate", "extractor", "classifier", "defense"),
    *("posters", "quantity", "rank", "among", "least", "most", "unit", "note"),
)
# Whether one user's pictures are perturbed at a time, or all users' at once; of pictures that nobody posts, neither.
POSTERS = ("one", "all", "")
# Of what the k best are, where k is more than 1.
AMONG = ("pictures", "identities", "classes")
_MEND = f"give it the columns {', '.join(COLUMNS)}, of which rank, least and most are numbers"
PERCENT, _SECONDS, _DEVIATIONS, _PEOPLE = "%", "s", "standard deviations", "people"
_RANGES = {
    PERCENT: (0, 100),
    **dict.fromkeys((_SECONDS, _PEOPLE), (0, math.inf)),
    _DEVIATIONS: (-math.inf, math.inf),
}
QUANTITIES = {
    **dict.fromkeys(("error", "accuracy", "detection accuracy", "precision", "recall", "AUC"), PERCENT),
    "time per picture": _SECONDS,
    # By the trainer, to learn from them.
    "people perturbed": _PEOPLE,
    # Of a person's centroids in feature space, less the mean over other people.
    **dict.fromkeys(("distance to target", "2-means distance"), _DEVIATIONS),
}


def read_published(paths: Sequence[str | os.PathLike]) -> pd.DataFrame:
    """Read published numbers.

    Each file has the columns `COLUMNS` and one row per number. The number lies between `least` and `most`; both are
    equal where the source gives one number, as printed. `quantity` is one of `QUANTITIES`, and `unit` the one that it
    has there: "error" is the protection rate, or with attack "none" the clean error; "accuracy" is what it leaves of
    100 %. `surrogate` is the only extractor that the attack knew, empty where it knew those that its authors gave it.
    `posters` is one of `POSTERS`. `rank` is k for success among the k best, and 1 where ranks have no meaning. `among`
    says of what the k best are, one of `AMONG` (gallery pictures, whosever they are; people; classes of objects), and
    is empty where k is 1. `note` says how the source limits the number.

    Returns the rows of all files in their order. What is in percent is a rate in [0,1] there. The attack on a surrogate
    is called "ATTACK on SURROGATE".

    Raises InputError where a column is missing or has no numbers, a quantity or who posts unknown, a quantity in
    another unit, a number out of order or range, or a rank says not among what.
    """
    tables = []
    for path in paths:
        table = read_table(path, *COLUMNS, mend=_MEND)
        for row in table.itertuples():
            _check(path, row)
        scale = table["unit"].map(lambda unit: 100.0 if unit == PERCENT else 1.0)
        on_one = table["surrogate"] != ""
        table["attack"] = table["attack"].mask(on_one, table["attack"] + " on " + table["surrogate"])
        tables.append(table.loc[:, list(COLUMNS)].assign(**{end: table[end] / scale for end in ("least", "most")}))
    return pd.concat(tables, ignore_index=True)


def _check(path: str | os.PathLike, row: Any) -> None:
    """Raise InputError where a row cannot be."""
    if row.quantity not in QUANTITIES:
        raise InputError(f"{path}: quantity '{row.quantity}' is not known; choose one of {', '.join(QUANTITIES)}")
    unit = QUANTITIES[row.quantity]
    if row.unit != unit:
        raise InputError(f"{path}: {row.place} claims {row.quantity} in '{row.unit}'; give it in '{unit}'")
    if row.posters not in POSTERS:
        raise InputError(f"{path}: {row.place} has posters '{row.posters}'; choose one, all, or nothing")
    if row.among not in AMONG if row.rank != 1 else row.among:
        raise InputError(
            f"{path}: {row.place} claims rank {row.rank} among '{row.among}'; choose one of {', '.join(AMONG)},"
            " nothing where the rank is 1"
        )
    lowest, highest = _RANGES[unit]
    if not lowest <= row.least <= row.most <= highest:
        raise InputError(
            f"{path}: {row.place} claims {row.least} to {row.most}; give '{unit}' from {lowest} to {highest}, 'least'"
            " no greater than 'most', the same number twice where there is one"
        )
