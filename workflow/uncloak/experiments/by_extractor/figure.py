"""Protection rate by extractor in the order of their release: figures 4 and 5 of Radiya-Dixit et al. (ICLR 2022)."""

import textwrap
from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL
from uncloak.figures import theme
from uncloak.figures.rates import (
    BAR,
    COLUMNS,
    INTERVALS,
    POINT,
    AttackMarks,
    by_release,
    checked,
    explained,
    label_expression,
    month,
    plain,
    rate_axis,
    tooltip,
)

_HEIGHT = 340
# A series' share of the width: its value label ("99.4") must fit.
_SERIES_WIDTH = 27
_LEAST_WIDTH = 96
_GAP = 0.22
_LABEL_LETTERS = 15


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = plain(given.table("table", *COLUMNS))
    rows = table[table["attack"].isin(given.attacks)]
    users, probes = rows["n_users"].max(), rows["n_probes"].max()
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes: mean over {users} users ({probes} probes) "
        f"with {INTERVALS}. Dataset: {given.told['dataset_label']}. Seed {given.seed}."
    )
    if left_out := given.told["left_out"]:
        subtitle += f" The gallery lacks each user's first {left_out} pictures, from which masks were made."
    if given.told["paper"]:
        subtitle += f" After {given.told['paper']} of Radiya-Dixit et al. (ICLR 2022)."
    return protection_by_extractor(table, given.attacks, given.told["title"], subtitle, INTERVAL), rows


def protection_by_extractor(
    table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.LayerChart:
    """Draw protection rates with their intervals, extractors from oldest to newest, one series per attack.

    Args:
        table: one row per (attack, channel, extractor) with the columns `uncloak.figures.rates.COLUMNS`: `released` is
            YYYY-MM-DD, or missing for a floor that is no extractor of its time (raw pixels), which is drawn first;
            `protection_rate`, `low` and `high` lie in [0,1]; `white_box` tells that the extractor is a surrogate of the
            attack. Attack "none" is the clean error. Rows of attacks not asked for, and of channels other than "png",
            are left out.
        attacks: names of the attacks, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range.
    """
    rows = checked(plain(table), attacks, ["attack", "extractor"])
    extractors = by_release(rows, "first")
    rows["position"] = rows["extractor"].map({name: place for place, name in enumerate(extractors["extractor"])})
    width = max(_LEAST_WIDTH, round(_SERIES_WIDTH * len(attacks) / (1 - _GAP))) * len(extractors)

    x = alt.X(
        "extractor:N",
        sort=list(extractors["extractor"]),
        title="extractor, from oldest to newest release",
        scale=alt.Scale(paddingInner=_GAP, paddingOuter=_GAP / 2),
        axis=alt.Axis(labelAngle=0, labelLimit=0, ticks=False, labelLineHeight=15, labelExpr=_axis_labels(extractors)),
    )
    # Room for the value labels above 100 %.
    y = rate_axis("protection rate (error on clean probes)", 1.07)
    dodge = alt.XOffset("attack:N", sort=list(attacks), scale=alt.Scale(paddingInner=0, paddingOuter=0))
    base = alt.Chart(rows).encode(x=x, xOffset=dodge)
    marks = AttackMarks(rows, attacks, width)
    points = base.mark_point(size=85, **POINT).encode(
        y=y, shape=marks.shape, stroke=marks.stroke, fill=marks.fill, tooltip=tooltip(interval)
    )
    trend = (
        base.transform_filter("isValid(datum.released)")
        .mark_line(strokeWidth=1.2, opacity=0.45)
        .encode(y=y, stroke=marks.stroke, order="position:O")
    )
    bars = base.mark_rule(**BAR).encode(y=alt.Y("low:Q"), y2="high:Q", stroke=marks.stroke)
    number = {"baseline": "bottom", "dy": -8, "fontSize": theme.LABEL_SIZE}
    numbers = base.encode(y=alt.Y("high:Q"), text="value:N")
    # White beneath the numbers keeps them readable where lines pass.
    halo = numbers.mark_text(**number, stroke=theme.PAPER, strokeWidth=3.5, strokeJoin="round")
    text = numbers.mark_text(**number, color=theme.INK)
    chart = alt.layer(_floor_band(extractors, x), trend, bars, halo, points, text).properties(
        width=width,
        height=_HEIGHT,
        title=alt.TitleParams(title, subtitle=theme.wrapped(explained(subtitle, rows), width + 40)),
    )
    return theme.themed(chart)


def _axis_labels(extractors: pd.DataFrame) -> str:
    """Return the Vega expression that writes an extractor as its name and, below, its release month."""
    return label_expression(
        {
            row.extractor: [*textwrap.wrap(row.extractor_label, _LABEL_LETTERS), month(row.released)]
            for row in extractors.itertuples()
        }
    )


def _floor_band(extractors: pd.DataFrame, x: alt.X) -> alt.Chart:
    """Return a gray ground behind extractors without a release date."""
    floor = extractors.loc[extractors["released"].isna(), ["extractor"]]
    return alt.Chart(floor).mark_rect(color=theme.GRID, opacity=0.45).encode(x=x)
