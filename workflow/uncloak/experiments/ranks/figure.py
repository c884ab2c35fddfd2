"""Protection where a trainer looks at more than the nearest face: among the nearest k."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.rates import COLUMNS, AttackMarks, Panels, checked, only, plain, rate_lines, tooltip

_AMONG = {"identities": "among the k nearest identities", "pictures": "among the k nearest pictures"}
_LINES = "Solid lines: the user is not among the k nearest identities; dashed: among the k nearest pictures."
# A series' share of the width: its marker must fit.
_SERIES_WIDTH = 22
_LEAST_WIDTH = 195


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = plain(given.table("table", *COLUMNS, "rank", "among"))
    extractors = given.standing(given.told["extractors"], table["extractor"])
    rows = only(only(table, "extractor", extractors), "attack", given.attacks)
    subtitle = f"Error on the users' clean probes where a trainer looks at the k nearest. {source(given, rows)}"
    return ranks(rows, given.attacks, given.told["title"], subtitle, INTERVAL), rows


def ranks(
    table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.ConcatChart:
    """Draw protection rates over rank k, one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor, rank, among) with the columns
            `uncloak.figures.rates.COLUMNS`, `rank` and `among`: the error that the user is not among the nearest `rank`
            "identities" (solid lines) or "pictures" (dashed). Rates in [0,1]. Rows of attacks not asked for, and of
            channels other than "png", are left out.
        attacks: names of the attacks, in the order of drawing. Attack "none" is the error without attack.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, or one of the two ways to count are missing, rows repeated, or rates out
    of range.
    """
    own = ["rank", "among"]
    rows = checked(plain(only(table, "among", _AMONG)), attacks, ["attack", "extractor", *own], [*COLUMNS, *own])
    rows["among_label"] = rows["among"].map(_AMONG)
    panels = Panels(rows, max(_LEAST_WIDTH, _SERIES_WIDTH * len(attacks)))
    marks = AttackMarks(rows, attacks, panels.width)
    dash = alt.StrokeDash("among:N", scale=alt.Scale(domain=list(_AMONG), range=[[1, 0], [6, 3]]), legend=None)

    def panel(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "rank:O",
            title="rank k" if bottom else None,
            scale=alt.Scale(domain=sorted(rows["rank"].unique()), type="point", padding=0.3),
            axis=alt.Axis(labelAngle=0, grid=False),
        )
        told = tooltip(interval, alt.Tooltip("rank:Q", title="rank k"), alt.Tooltip("among_label:N", title="user is"))
        return alt.layer(*rate_lines(own, x, dash, marks, "protection rate" if left else None, told))

    return panels.chart(panel, title, f"{subtitle} {_LINES}")
