"""The answer in numbers: what is left of each attack against the extractors that there are."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

_NO_ATTACK = "none"
_RATES = ("protection_rate", "low", "high", "clean_error")
COLUMNS = ("attack", "attack_label", "channel", "defense", "extractor_label", "released", "white_box", *_RATES)


class Rate(NamedTuple):
    """A protection rate in [0,1], its interval, the error without attack, and the extractor that it is against."""

    rate: float
    low: float
    high: float
    clean_error: float
    extractor: str
    released: str
    surrogate: bool


class Answer(NamedTuple):
    """An attack against the extractor that it fools most, the newest, and the one that it fools least."""

    attack: str
    highest: Rate
    newest: Rate
    lowest: Rate


def answers(table: pd.DataFrame) -> list[Answer]:
    """Return an answer for each attack of a table of averaged rates, in the table's order.

    Args:
        table: columns `COLUMNS`: rows with an attack, an extractor with label and release, a rate in [0,1] with its
            interval, and the clean error; those through a channel or with a defense are left out.
    """
    rows = table[(table["channel"] == "png") & (table["defense"] == "none") & (table["attack"] != _NO_ATTACK)]
    return list(_by_attack(rows))


def _by_attack(rows: pd.DataFrame) -> Iterator[Answer]:
    for _, group in rows.groupby("attack", sort=False):
        ordered = group.sort_values("protection_rate", kind="stable")
        newest = group.sort_values("released", kind="stable", key=lambda dates: dates.astype(str))
        picked = (ordered.iloc[-1], newest.iloc[-1], ordered.iloc[0])
        yield Answer(group["attack_label"].iloc[0], *map(_rate, picked))


def _rate(row: pd.Series) -> Rate:
    numbers = (float(row[name]) for name in _RATES)
    return Rate(*numbers, row["extractor_label"], row["released"], bool(row["white_box"]))
