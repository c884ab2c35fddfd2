"""Protection from verification: probes farther from the user than a threshold for a share of strangers."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.rates import COLUMNS, RATES, AttackMarks, Panels, checked, only, percent, plain, rate_bars, tooltip

# A series' share of the width: its marker must fit.
_SERIES_WIDTH = 11
_LEAST_WIDTH = 195


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = plain(given.table())
    extractors = given.standing(given.told["extractors"], table["extractor"])
    rows = only(only(table, "extractor", extractors), "attack", given.attacks)
    subtitle = (
        "Share of the users' clean probes farther from the user's nearest posted picture than a threshold that accepts "
        f"a fixed share of strangers. {source(given, rows)}"
    )
    return verification(rows, given.attacks, given.told["title"], subtitle, INTERVAL), rows


def verification(
    table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.ConcatChart:
    """Draw protection rates by false-accept rate, one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor, false_accept_rate) with the columns
            `uncloak.figures.rates.COLUMNS`: the error that the user's own nearest picture is farther than the distance
            below which that share of comparisons between strangers lies. Rates in [0,1]. Rows of attacks not asked for,
            and of channels other than "png", are left out.
        attacks: names of the attacks, in the order of drawing. Attack "none" is the error without attack.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    rate = "false_accept_rate"
    rows = checked(plain(table), attacks, ["attack", "extractor", rate], [*COLUMNS, rate], [*RATES, rate])
    rows["accepts"] = rows[rate].map(percent) + " %"
    accepts = rows.sort_values(rate, ascending=False)["accepts"].unique()
    panels = Panels(rows, max(_LEAST_WIDTH, _SERIES_WIDTH * len(attacks) * len(accepts)))
    marks = AttackMarks(rows, attacks, panels.width)

    def panel(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "accepts:N",
            title="false-accept rate" if bottom else None,
            scale=alt.Scale(domain=list(accepts), paddingInner=0.2, paddingOuter=0.1),
            axis=alt.Axis(labelAngle=0, ticks=False),
        )
        told = tooltip(interval, alt.Tooltip("accepts:N", title="false-accept rate"))
        return alt.layer(*rate_bars(own, x, attacks, marks, "protection rate" if left else None, told))

    return panels.chart(panel, title, subtitle)
