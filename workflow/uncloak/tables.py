"""Tidy tables as CSV: equal tables are equal bytes."""

import csv
import os
from collections.abc import Collection

import pandas as pd
from pandas.api.types import is_bool_dtype

from uncloak.errors import InputError
from uncloak.files import check_readable
from uncloak.writing import atomic

# What columns hold, in whichever table they stand: of those that are not named here, numbers.
# Names as people gave them: "007" and "nan" are identities, not numbers; and other words.
_TEXT = (
    *("dataset", "attack", "channel", "extractor", "classifier", "defense", "metric", "user", "picture", "identity"),
    *("detector", "posting", "source", "posted", "posters", "gallery", "among", "target", "path", "shown", "missing"),
    *("part", "role", "sign", "repeated", "condition", "trained_on", "surrogate", "place", "quantity", "unit", "note"),
    *("label", "attack_label", "extractor_label", "defense_label", "differs", "status"),
    *("released", "attack_released", "released_source", "sha256", "device"),
)
_TRUTH = ("white_box", "saw_people", "enters", "in_ensemble")
# Numbers that may be missing.
_GAPS = (
    *("lpips", "lpips_low", "lpips_high", "landmark_shift", "landmark_shift_low", "landmark_shift_high"),
    *("false_accept_rate", "false_positive_rate"),
    *("steps", "passed_on", "largest_clean_error", "sd_seeds", "sd_users", "sd_rest", "share_of_seeds"),
    *(f"above_{baseline}{end}" for baseline in ("clean", "no_defense") for end in ("", "_low", "_high")),
)
ANEW = "delete it and run again"


def write_table(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a table without its index, numbers with six digits, missing ones empty, whole or not at all."""
    # Names of files may have carriage returns, which are quoted with all text or not at all.
    texts = table.select_dtypes(exclude="number")
    returns = any(texts[column].astype(str).str.contains("\r").any() for column in texts)
    quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n", quoting=quoting)


def read_table(path: str | os.PathLike, *columns: str, gaps: Collection[str] = (), mend: str = ANEW) -> pd.DataFrame:
    """Read a table that `write_table` wrote; text that is empty stays text, an empty number that may be missing is NaN.

    Args:
        path: of the file.
        columns: those that the reader needs. They hold text, truth values, or else numbers; where it is known of other
            columns what they hold, too, it is looked at in all that are there.
        gaps: columns of numbers that may be missing, besides those of which that is known.
        mend: what to do about a table that is another one.

    Raises InputError where the file is missing, cannot be read, is not such a table, lacks one of `columns`, or has
    something else in one.
    """
    gaps = {*_GAPS, *gaps}
    table = _read(path, mend, dtype=dict.fromkeys(_TEXT, str), na_values=dict.fromkeys(gaps, ""))
    _check_columns(path, table, columns, mend)
    for name in table.columns.intersection([*columns, *_TRUTH, *gaps]).difference(_TEXT):
        table[name] = _read_as_known(path, table[name], name in gaps, mend)
    return table


def read_text(path: str | os.PathLike, *columns: str) -> pd.DataFrame:
    """Read a table all of whose values are text, empty ones too.

    Raises InputError where the file is missing, cannot be read, is no table, or lacks one of `columns`.
    """
    table = _read(path, ANEW, dtype=str)
    _check_columns(path, table, columns, ANEW)
    return table


def _read(path: str | os.PathLike, mend: str, **options) -> pd.DataFrame:
    check_readable(path)
    try:
        table = pd.read_csv(path, keep_default_na=False, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table of comma-separated values; {mend} ({error})") from None
    if not isinstance(table.index, pd.RangeIndex):  # values without a name would move all others to the next one's
        raise InputError(f"{path}: has rows of more values than there are columns; {mend}")
    return table


def _read_as_known(path: str | os.PathLike, read: pd.Series, gaps: bool, mend: str) -> pd.Series:
    """Return a column of truth values, or of numbers, with gaps or without."""
    if read.name in _TRUTH:
        kind, values = "truth value", read.astype(str).map({"True": True, "False": False})
    else:
        kind, values = "number", pd.to_numeric(read.astype(str) if is_bool_dtype(read) else read, errors="coerce")
    wrong = values.isna() & ~(read.isna() & gaps)
    if wrong.any():
        line = wrong.idxmax()
        raise InputError(f"{path}: line {line + 2}: {read.name} '{read[line]}' is no {kind}; {mend}")
    return values.astype(bool) if kind == "truth value" else values


def _check_columns(path: str | os.PathLike, table: pd.DataFrame, columns: Collection[str], mend: str) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"{path}: has no column '{missing[0]}' (another table, or an older version's?); {mend}")
