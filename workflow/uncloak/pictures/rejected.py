"""The table of pictures that are not used, and why."""

import os

import pandas as pd

from uncloak.tables import read_text, write_table

REJECTED_COLUMNS = ["picture", "path", "reason"]


def write_rejected(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a table of rejected pictures, whole or not at all."""
    write_table(table[REJECTED_COLUMNS], path)


def read_rejected(path: str | os.PathLike) -> pd.DataFrame:
    """Read a table of rejected pictures, all text.

    Raises InputError where the file is missing, cannot be read or is no such table.
    """
    return read_text(path, *REJECTED_COLUMNS)
