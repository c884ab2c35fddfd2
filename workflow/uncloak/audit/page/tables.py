"""The audit's tables as its page reads them: typed columns, with one clear line where something else is there."""

import os

import pandas as pd

from uncloak.errors import InputError
from uncloak.tables import read_text

# Columns and what they hold; a number that is not there is read as NaN.
FINDINGS = {
    **dict.fromkeys(("cloak", "extractor", "extractor_label", "released", "treatment", "setting"), "text"),
    **dict.fromkeys(("surrogate", "distractors"), "truth value"),
    **dict.fromkeys(("unprotected", "found", "probes", "gallery"), "whole number"),
    **dict.fromkeys(("low", "high", "false_accept_rate", "rank"), "number or nothing"),
}
PICTURES = {
    **dict.fromkeys(("folder", "file", "part", "cloak", "pair", "chosen", "reason"), "text"),
    **dict.fromkeys(("faces", "dssim", "largest_change"), "number or nothing"),
}
EXTRACTORS = dict.fromkeys(
    ("extractor", "label", "released", "license", "trained_on", "calibrated_on", "pairs"), "text"
)
OFFERED = {
    **dict.fromkeys(("extractor", "label", "released", "license", "how"), "text"),
    "size": "number or nothing",
}
_TRUTH = {"True": True, "False": False}


def typed(path: str | os.PathLike, columns: dict[str, str]) -> pd.DataFrame:
    """Read these columns of a table.

    Raises InputError where the file is missing, is no such table, or a value is not what its column holds.
    """
    table = read_text(path, *columns)[list(columns)]
    for name, kind in columns.items():
        if kind == "text":
            continue
        read = table[name]
        values = read.map(_TRUTH) if kind == "truth value" else pd.to_numeric(read, errors="coerce")
        wrong = values.isna()
        if kind == "number or nothing":
            wrong &= read != ""
        elif kind == "whole number":
            wrong |= values % 1 != 0
        if wrong.any():
            line = wrong.idxmax()
            raise InputError(f"{path}: line {line + 2}: {name} '{read[line]}' is not a {kind}; delete it and run again")
        table[name] = values.astype({"truth value": bool, "whole number": int}.get(kind, float))
    return table


def oldest_first(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """Sort by the column `released` (YYYY-MM-DD), then by the column `label`; rows without a day stand last."""
    undated = table["released"] == ""
    order = table.assign(undated=undated).sort_values(["undated", "released", label], kind="stable").index
    return table.loc[order].reset_index(drop=True)
