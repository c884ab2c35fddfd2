"""Published numbers beside ours, as rows of the page."""

from typing import NamedTuple

import pandas as pd

from uncloak.claims.comparison import MEASURED
from uncloak.claims.published import PERCENT

COLUMNS = (
    *("source", "place", "attack", "extractor", "classifier", "defense", "quantity", "rank", "among", "least", "most"),
    *("unit", "status", "value", "low", "high", "extractor_label", "differs"),
)
# What is not measured here has no value.
GAPS = ("value", "low", "high")
_PLAIN = {"", "none", "nearest neighbor", "detector", "own head"}


class Claim(NamedTuple):
    """A published number with what is measured in its place; all rates in [0,1].

    Attributes:
        source: the publication.
        place: where it stands in it.
        about: attack, model and what else is said of it.
        quantity: what is counted.
        least: the least that is claimed.
        most: the most.
        value: what is measured.
        low: its interval's lower end.
        high: the upper one.
        ours: our model.
        differs: how ours differs, in a few words.
    """

    source: str
    place: str
    about: str
    quantity: str
    least: float
    most: float
    value: float
    low: float
    high: float
    ours: str
    differs: str

    @property
    def agrees(self) -> bool:
        """Whether the interval of what is measured meets what is claimed."""
        return self.low <= self.most and self.high >= self.least


def claims(table: pd.DataFrame) -> list[Claim]:
    """Return the rates of a table (`uncloak.claims.comparison.compare`) that have a counterpart measured here."""
    measured = table[(table["status"] == MEASURED) & (table["unit"] == PERCENT)]
    return [_claim(row) for row in measured.itertuples()]


def _claim(row) -> Claim:
    attack = "no attack" if row.attack == "none" else row.attack
    about = [attack, row.extractor, *(each for each in (row.classifier, row.defense) if each not in _PLAIN)]
    rank = int(row.rank)
    among = f" {row.among}" if row.among else ""
    return Claim(
        row.source,
        row.place,
        ", ".join(about),
        row.quantity + ("" if rank == 1 else f" (top {rank}{among})"),
        *(float(getattr(row, name)) for name in ("least", "most", "value", "low", "high")),
        row.extractor_label,
        row.differs,
    )
