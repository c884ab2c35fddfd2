"""Protection where a trainer looks at more than the nearest face: among the nearest k, or below a distance."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.figures import theme
from uncloak.figures.rates import (
    COLUMNS,
    RATES,
    AttackMarks,
    Panels,
    checked,
    explained,
    only,
    percent,
    plain,
    rate_bars,
    rate_lines,
    tooltip,
)

_AMONG = {"identities": "among the k nearest identities", "pictures": "among the k nearest pictures"}
_LINES = "Solid lines: the user is not among the k nearest identities; dashed: among the k nearest pictures."
# A series' share of the width: its marker must fit.
_SERIES_WIDTH = 11
_LEAST_WIDTH = 195


def ranks(
    table: pd.DataFrame,
    verification: pd.DataFrame,
    attacks: Sequence[str],
    extractors: Sequence[str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.VConcatChart:
    """Draw protection rates over rank k, and below over false-accept rates, one panel per extractor in each row.

    Args:
        table: one row per (attack, channel, extractor, rank, among) with the columns
            `uncloak.figures.rates.COLUMNS`, `rank` and `among`: the error that the user is not among the nearest `rank`
            "identities" (solid lines) or "pictures" (dashed). Rates in [0,1]. Rows of attacks and extractors not asked
            for, and of channels other than "png", are left out.
        verification: one row per (attack, channel, extractor, false_accept_rate): the error that the user's own nearest
            picture is farther than the distance below which that share of comparisons between strangers lies.
        attacks: names of the attacks, in the order of drawing. Attack "none" is the error without attack.
        extractors: names of the extractors, in any order.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, extractors, or one of the two ways to count are missing, rows repeated, or
    rates out of range.
    """
    by_rank, by_distance = (
        checked(
            only(plain(rows), "extractor", extractors),
            attacks,
            ["attack", "extractor", *own],
            [*COLUMNS, *own],
            [*RATES, *(column for column in own if column == "false_accept_rate")],
        )
        for rows, own in (
            (only(table, "among", _AMONG), ["rank", "among"]),
            (verification, ["false_accept_rate"]),
        )
    )
    by_rank["among_label"] = by_rank["among"].map(_AMONG)
    by_distance["accepts"] = by_distance["false_accept_rate"].map(percent) + " %"
    accepts = by_distance.sort_values("false_accept_rate", ascending=False)["accepts"].unique()
    panel_width = max(_LEAST_WIDTH, _SERIES_WIDTH * len(attacks) * len(accepts))
    rank_panels, distance_panels = (Panels(rows, panel_width) for rows in (by_rank, by_distance))
    marks = AttackMarks(by_rank, attacks, rank_panels.width)
    dash = alt.StrokeDash("among:N", scale=alt.Scale(domain=list(_AMONG), range=[[1, 0], [6, 3]]), legend=None)

    def draw_ranks(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "rank:O",
            title="rank k" if bottom else None,
            scale=alt.Scale(domain=sorted(by_rank["rank"].unique()), type="point", padding=0.3),
            axis=alt.Axis(labelAngle=0, grid=False),
        )
        told = tooltip(interval, alt.Tooltip("rank:Q", title="rank k"), alt.Tooltip("among_label:N", title="user is"))
        return alt.layer(*rate_lines(own, x, dash, marks, "protection rate" if left else None, told))

    def draw_distances(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "accepts:N",
            title="false-accept rate" if bottom else None,
            scale=alt.Scale(domain=list(accepts), paddingInner=0.2, paddingOuter=0.1),
            axis=alt.Axis(labelAngle=0, ticks=False),
        )
        told = tooltip(interval, alt.Tooltip("accepts:N", title="false-accept rate"))
        return alt.layer(*rate_bars(own, x, attacks, marks, "protection rate" if left else None, told))

    lines = theme.wrapped(explained(f"{subtitle} {_LINES}", by_rank), rank_panels.width)
    heading = alt.TitleParams(title, subtitle=lines)
    rows = alt.vconcat(rank_panels.bare(draw_ranks), distance_panels.bare(draw_distances), spacing=34)
    return theme.themed(rows.properties(title=heading))
