"""Protection from verification (PSR@FAR): probes farther from the user than a threshold for a share of strangers."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.rates import COLUMNS, RATES, AttackMarks, Panels, checked, only, percent, plain, rate_bars, tooltip

# A series' share of the width: its marker must fit.
_SERIES_WIDTH = 11
_LEAST_WIDTH = 195
_RATE = ("false_accept_rate", "false-accept rate")


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    said = (
        "PSR@FAR: share of the users' clean probes farther from the user's nearest posted picture than a threshold at "
        "which a fixed share of strangers is accepted by galleries of the user's size."
    )
    return drawn_by_rate(given, _RATE, said)


def drawn_by_rate(given: Given, rate: tuple[str, str], said: str) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of an experiment with a `rate` of wrong answers (see `by_rate`); `said` is what it shows."""
    table = plain(given.table("table", *COLUMNS, rate[0]))
    extractors = given.standing(given.told["extractors"], table["extractor"])
    rows = only(only(table, "extractor", extractors), "attack", given.attacks)
    subtitle = f"{said} {source(given, rows)}"
    return by_rate(rows, given.attacks, rate, given.told["title"], subtitle, INTERVAL), rows


def by_rate(
    table: pd.DataFrame,
    attacks: Sequence[str],
    rate: tuple[str, str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates by the rate of wrong answers that thresholds were chosen for, one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor, rate of wrong answers) with the columns
            `uncloak.figures.rates.COLUMNS`. Rates in [0,1]. Rows of attacks not asked for, and of channels other than
            "png", are left out.
        attacks: names of the attacks, in the order of drawing. Attack "none" is the error without attack.
        rate: the column of the rate of wrong answers, and how it is called.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    column, called = rate
    rows = checked(plain(table), attacks, ["attack", "extractor", column], [*COLUMNS, column], [*RATES, column])
    rows["accepts"] = rows[column].map(percent) + " %"
    accepts = rows.sort_values(column, ascending=False)["accepts"].unique()
    panels = Panels(rows, max(_LEAST_WIDTH, _SERIES_WIDTH * len(attacks) * len(accepts)))
    marks = AttackMarks(rows, attacks, panels.width)

    def panel(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "accepts:N",
            title=called if bottom else None,
            scale=alt.Scale(domain=list(accepts), paddingInner=0.2, paddingOuter=0.1),
            axis=alt.Axis(labelAngle=0, ticks=False),
        )
        told = tooltip(interval, alt.Tooltip("accepts:N", title=called))
        return alt.layer(*rate_bars(own, x, attacks, marks, "protection rate" if left else None, told))

    return panels.chart(panel, title, subtitle)
