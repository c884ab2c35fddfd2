"""Protection from open-set search: 1 - TPIR at a rate of searches that find somebody who is not in the gallery."""

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.experiments.verification.figure import by_rate
from uncloak.figures.rates import only, plain

_RATE = ("false_positive_rate", "false-positive identification rate")


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = plain(given.table())
    extractors = given.standing(given.told["extractors"], table["extractor"])
    rows = only(only(table, "extractor", extractors), "attack", given.attacks)
    subtitle = (
        "1 - TPIR@FPIR: share of the users' clean probes whose search does not find the user, where a fixed share of "
        f"searches for people who are not in the gallery find somebody. {source(given, rows)}"
    )
    return by_rate(rows, given.attacks, _RATE, given.told["title"], subtitle, INTERVAL), rows
