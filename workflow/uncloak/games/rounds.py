"""When the game is played: a round begins whenever an attack or an extractor is released."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from uncloak.errors import InputError

COLUMNS = (
    *("dataset", "attack", "attack_label", "attack_released", "channel", "extractor", "extractor_label", "released"),
    *("classifier", "defense", "protection_rate", "low", "high", "clean_error", "n_users", "seed"),
)


class Release(NamedTuple):
    """An attack or an extractor, and the day from which anybody has it (YYYY-MM-DD)."""

    name: str
    label: str
    date: str


class Round(NamedTuple):
    """A round: its number from 1, its first day, and what was released on it."""

    number: int
    date: str
    event: str


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that games are played with: nearest neighbor, no other defense, pictures as they were posted.

    Args:
        table: averaged rows as `uncloak.recognition.rates.protection_rates` returns them, with labels and release
            dates.

    Extractors without a date (raw pixels, a floor) and attacks without one play no part.

    Raises InputError where a column is missing, a row repeated, or a date of another form.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"protection table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    rows = table[
        (table["channel"] == "png")
        & (table["classifier"] == "nearest neighbor")
        & (table["defense"] == "none")
        & (table["released"].fillna("") != "")
        & ((table["attack"] == "none") | (table["attack_released"].fillna("") != ""))
    ]
    repeated = rows[rows.duplicated(["attack", "extractor"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise InputError(
            f"protection table: attack '{first.attack}' and extractor '{first.extractor}' stand in several rows;"
            " filter it to one dataset and rank"
        )
    attacked = rows[rows["attack"] != "none"]
    for kind, names, dates in (
        ("extractor", rows["extractor"], rows["released"]),
        ("attack", attacked["attack"], attacked["attack_released"]),
    ):
        wrong = pd.to_datetime(dates, format="%Y-%m-%d", errors="coerce").isna()
        if wrong.any():
            raise InputError(f"{kind} '{names[wrong].iloc[0]}': released '{dates[wrong].iloc[0]}' is not YYYY-MM-DD")
    return rows.reset_index(drop=True)


def releases(rows: pd.DataFrame, kind: str) -> list[Release]:
    """Return the attacks ("attack") or the extractors ("extractor") of what `measured` returned, oldest first."""
    if kind == "attack":
        once = rows[rows["attack"] != "none"].drop_duplicates("attack")
        found = zip(once["attack"], once["attack_label"], once["attack_released"], strict=True)
    else:
        once = rows.drop_duplicates("extractor")
        found = zip(once["extractor"], once["extractor_label"], once["released"], strict=True)
    return sorted((Release(*each) for each in found), key=lambda release: (release.date, release.label))


def rounds(attacks: Sequence[Release], extractors: Sequence[Release]) -> list[Round]:
    """Return the rounds in order; the first when there is an attack to post with and an extractor to train with."""
    everything = sorted([*attacks, *extractors], key=lambda release: (release.date, release.label))
    first = max(min(release.date for release in attacks), min(release.date for release in extractors))
    dates = sorted({release.date for release in everything if release.date >= first})
    return [
        Round(number, date, ", ".join(release.label for release in everything if release.date == date))
        for number, date in enumerate(dates, 1)
    ]
