"""Tidy tables as CSV: equal tables are equal bytes."""

import csv
import os

import pandas as pd

from uncloak.errors import InputError
from uncloak.files import check_readable
from uncloak.writing import atomic

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
        "posting",
        "source",
    ),
    *("posted", "posters", "among", "target", "path", "shown", "missing"),
)
# Numbers that may be missing.
_GAPS = (
    *("lpips", "lpips_low", "lpips_high", "landmark_shift", "landmark_shift_low", "landmark_shift_high"),
    *("false_accept_rate", "false_positive_rate"),
    *("passed_on", "largest_clean_error", "sd_seeds", "sd_users", "sd_rest", "share_of_seeds"),
    *(f"above_{baseline}{end}" for baseline in ("clean", "no_defense") for end in ("", "_low", "_high")),
)


def write_table(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a table without its index, numbers with six digits, missing ones empty, whole or not at all."""
    # Names of files may have carriage returns, which are quoted with all text or not at all.
    texts = table.select_dtypes(exclude="number")
    returns = any(texts[column].astype(str).str.contains("\r").any() for column in texts)
    quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n", quoting=quoting)


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read a table that `write_table` wrote; text that is empty stays text, an empty number that may be missing is NaN.

    Raises InputError where the file is missing, cannot be read or is not such a table.
    """
    return _read(path, dtype=dict.fromkeys(_NAMES, str), na_values=dict.fromkeys(_GAPS, ""))


def read_text(path: str | os.PathLike, *columns: str) -> pd.DataFrame:
    """Read a table all of whose values are text, empty ones too.

    Raises InputError as `read_table` does, and where one of `columns` is missing.
    """
    table = _read(path, dtype=str)
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"{path}: has no column '{missing[0]}'; delete it and run again")
    return table


def _read(path: str | os.PathLike, **options) -> pd.DataFrame:
    check_readable(path)
    try:
        return pd.read_csv(path, keep_default_na=False, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table of comma-separated values; delete it and run again ({error})") from None
