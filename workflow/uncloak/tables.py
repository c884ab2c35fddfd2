"""Tidy tables as CSV: equal tables are equal bytes."""

import os

import pandas as pd

from uncloak.errors import InputError
from uncloak.store import atomic

# Names as people gave them: "007" and "nan" are identities, not numbers.
_NAMES = (
    *(
        "dataset",
        "attack",
        "channel",
        "extractor",
        "classifier",
        "defense",
        "metric",
        "user",
        "picture",
        "identity",
        "detector",
        "source",
    ),
    *("posted", "among"),
)
# Numbers that may be missing.
_GAPS = ("lpips", "lpips_low", "lpips_high", "false_accept_rate")


def write_table(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a table without its index, numbers with six digits, missing ones empty, whole or not at all."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read a table that `write_table` wrote; text that is empty stays text, an empty LPIPS or false-accept rate is NaN.

    Raises InputError where the file is missing or not such a table.
    """
    try:
        return pd.read_csv(
            path, dtype=dict.fromkeys(_NAMES, str), keep_default_na=False, na_values=dict.fromkeys(_GAPS, "")
        )
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table of comma-separated values; delete it and run again ({error})") from None
