"""Numbers that others have published, each with its place: `resources/published`."""

import os
from collections.abc import Sequence

import pandas as pd

from uncloak.errors import InputError
from uncloak.tables import read_table

# What a number is about, in the words of its source where we have none of our own.
ABOUT = ("dataset", "attack", "extractor", "classifier", "defense", "quantity", "rank", "among")
COLUMNS = ("source", "place", *ABOUT, "least", "most", "note")
# Of what the k best are, where k is more than 1.
AMONG = ("pictures", "identities", "classes")
QUANTITIES = ("error", "accuracy", "detection accuracy", "precision", "recall", "AUC")


def read_published(paths: Sequence[str | os.PathLike]) -> pd.DataFrame:
    """Read published numbers.

    Each file has the columns `COLUMNS` and one row per number. The number lies between `least` and `most`, in percent;
    both are equal where the source gives one number, as printed. `quantity` is one of `QUANTITIES`: "error" is the
    protection rate, or with attack "none" the clean error; "accuracy" is what it leaves of 100 %. `rank` is k for
    success among the k best, and 1 where ranks have no meaning. `among` says of what the k best are, one of `AMONG`
    (gallery pictures, whosever they are; people; classes of objects), and is empty where k is 1. `note` says how the
    source limits the number.

    Returns the rows of all files in their order, `least` and `most` as rates in [0,1].

    Raises InputError where a column is missing, a quantity unknown, a number out of order or range, or a rank says not
    among what.
    """
    tables = []
    for path in paths:
        table = read_table(path)
        missing = [column for column in COLUMNS if column not in table]
        if missing:
            raise InputError(f"{path}: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
        unknown = table[~table["quantity"].isin(QUANTITIES)]
        if len(unknown):
            raise InputError(
                f"{path}: quantity '{unknown.iloc[0].quantity}' is not known; choose one of {', '.join(QUANTITIES)}"
            )
        vague = table[~table["among"].isin(AMONG).where(table["rank"] != 1, table["among"] == "")]
        if len(vague):
            row = vague.iloc[0]
            raise InputError(
                f"{path}: {row.place} claims rank {row['rank']} among '{row.among}'; choose one of {', '.join(AMONG)},"
                " nothing where the rank is 1"
            )
        least, most = (pd.to_numeric(table[end], errors="coerce") for end in ("least", "most"))
        wrong = table[~((least >= 0) & (least <= most) & (most <= 100))]
        if len(wrong):
            row = wrong.iloc[0]
            raise InputError(
                f"{path}: {row.place} claims {row.least} to {row.most};"
                " give percent, 'least' no greater than 'most', the same number twice where there is one"
            )
        tables.append(table.loc[:, list(COLUMNS)].assign(least=least / 100, most=most / 100))
    return pd.concat(tables, ignore_index=True)
