"""Which extractors' numbers enter tables and figures, and which of them are marked: for all experiments alike."""

from collections.abc import Sequence
from logging import getLogger

import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.marks import sentence

log = getLogger(__name__)


def enters(table: pd.DataFrame) -> pd.Series:
    """Say of each row whether its `clean_error` is at most its `largest_clean_error`, or that is missing."""
    bounds = table["largest_clean_error"].astype(float)
    return bounds.isna() | (table["clean_error"] <= bounds)


def entering(given: Given, errors: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table all of whose extractors are good enough on the dataset, and log which are left out.

    Rows are told apart by `extractor` and `defense`; a table without extractors stays as it is.

    Raises InputError where nothing would be left.
    """
    if not given.left_out or "extractor" not in errors:
        return errors
    kept = errors[[not given.left_out.keys() & set(models) for models in _models(given, errors)]]
    for said in left_out(given):
        log.info(said)
    if kept.empty:
        raise InputError(
            f"tables of {given.dataset}: no extractor is left for '{given.told['experiment']}'"
            f" ({'; '.join(given.left_out.values())}); mend their records, or raise largest_clean_error"
        )
    return kept.reset_index(drop=True)


def marked(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the column `saw_people`: whether an extractor of a row has learned people of the dataset."""
    if "extractor" not in table:
        return table
    saw = set(given.told["saw_people"])
    return table.assign(saw_people=[not saw.isdisjoint(models) for models in _models(given, table)])


def notes(given: Given) -> list[str]:
    """Return what is written beneath a figure's subtitle: what the mark means, and who is left out."""
    learned = given.told["marked"]
    return [*([sentence(learned)] if learned else []), *left_out(given)]


def left_out(given: Given) -> list[str]:
    """Return the sentence that says which extractors are left out, if any."""
    return [f"Left out: {'; '.join(given.left_out.values())}."] if given.left_out else []


def _models(given: Given, table: pd.DataFrame) -> list[Sequence[str]]:
    """Return the extractors that answer, of each row."""
    known = {(extractor, defense): models for extractor, defense, models in given.told["models"]}
    defenses = table["defense"] if "defense" in table else ["none"] * len(table)
    # Of defenses joined by "+", the first asks extractors, if any does.
    pairs = zip(table["extractor"], (name.partition("+")[0] for name in defenses), strict=True)
    return [known.get(pair, pair[:1]) for pair in pairs]
