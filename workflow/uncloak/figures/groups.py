"""Rates in groups: in each group one marker per attack beside the others, and panels of groups side by side."""

import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.figures import theme
from uncloak.figures.rates import (
    BAR,
    CLEAN,
    CLEAN_RULE,
    POINT,
    AttackMarks,
    clean_error,
    explained,
    label_expression,
    rate_axis,
    tooltip,
)

_HEIGHT = 300
# A series' share of the width: its value label ("99.4") must fit.
_SERIES_WIDTH = 27
_LEAST_WIDTH = 104
_GAP = 0.2
_AXIS_WIDTH = 62
_WIDTH = 1250
# Room for the legend and the text above few groups.
_LEAST_FIGURE_WIDTH = 560


def grouped(
    panels: Mapping[str, pd.DataFrame],
    groups: Mapping[str, str],
    attacks: Sequence[str],
    title: str,
    subtitle: str,
    x_title: str,
    interval: str,
) -> alt.ConcatChart:
    """Draw protection rates with their intervals and numbers, and the clean error across each group.

    Args:
        panels: heading -> rows as `uncloak.figures.rates.checked` returns them, with clean errors and the column
            `group`, at most one for each group and attack.
        groups: names of the groups and their labels (lines are wrapped), in the order of drawing; a panel
            shows those that it has.
        attacks: names of the attacks, in the order of drawing.
        title: the figure's title.
        subtitle: wrapped to the figure's width; what the dashed rules and hollow markers are is added.
        x_title: what the groups are.
        interval: what `low` and `high` are, for the tooltip.
    """
    everything = pd.concat(panels.values())
    group_width = max(_LEAST_WIDTH, round(_SERIES_WIDTH * len(attacks) / (1 - _GAP)))
    own = {heading: [group for group in groups if group in set(rows["group"])] for heading, rows in panels.items()}
    most = max(map(len, own.values()))
    columns = max(1, min(len(panels), _WIDTH // (most * group_width + _AXIS_WIDTH)))
    group_width = max(group_width, _LEAST_FIGURE_WIDTH // (columns * most))
    width = columns * most * group_width + (columns - 1) * _AXIS_WIDTH
    marks = AttackMarks(everything, attacks, width)
    letters = int(group_width / theme.POINTS_PER_LETTER) - 1
    labels = label_expression(
        {
            group: [line for part in label.split("\n") for line in textwrap.wrap(part, letters)]
            for group, label in groups.items()
        }
    )
    charts = []
    for place, (heading, rows) in enumerate(panels.items()):
        left, bottom = place % columns == 0, place + columns >= len(panels)
        x = alt.X(
            "group:N",
            title=x_title if bottom else None,
            scale=alt.Scale(domain=own[heading], paddingInner=_GAP, paddingOuter=_GAP / 2),
            axis=alt.Axis(labelAngle=0, labelLimit=0, ticks=False, labelLineHeight=15, labelExpr=labels),
        )
        y = rate_axis("protection rate" if left else None, 1.07)
        charts.append(
            alt.layer(
                *clean_error(rows.drop_duplicates("group")[["group", *CLEAN]], x, (1 - _GAP) * group_width),
                *_numbered(rows, x, y, attacks, marks, interval),
            ).properties(
                width=group_width * len(own[heading]),
                height=_HEIGHT,
                title=alt.TitleParams(heading, fontSize=theme.TEXT_SIZE + 1, offset=10),
            )
        )
    heading = alt.TitleParams(title, subtitle=theme.wrapped(explained(f"{subtitle} {CLEAN_RULE}", everything), width))
    return theme.themed(alt.concat(*charts, columns=columns, spacing=26).properties(title=heading))


def _numbered(
    rows: pd.DataFrame, x: alt.X, y: alt.Y, attacks: Sequence[str], marks: AttackMarks, interval: str
) -> list[alt.Chart]:
    """Return bars, markers and their numbers, the attacks of a group beside each other."""
    dodge = alt.XOffset("attack:N", sort=list(attacks), scale=alt.Scale(paddingInner=0, paddingOuter=0))
    base = alt.Chart(rows).encode(x=x, xOffset=dodge)
    bars = base.mark_rule(**BAR).encode(y=alt.Y("low:Q"), y2="high:Q", stroke=marks.stroke)
    points = base.mark_point(size=85, **POINT).encode(
        y=y, shape=marks.shape, stroke=marks.stroke, fill=marks.fill, tooltip=tooltip(interval)
    )
    number = {"baseline": "bottom", "dy": -8, "fontSize": theme.LABEL_SIZE}
    numbers = base.encode(y=alt.Y("high:Q"), text="value:N")
    # White beneath the numbers keeps them readable where rules pass.
    halo = numbers.mark_text(**number, stroke=theme.PAPER, strokeWidth=3.5, strokeJoin="round")
    return [bars, halo, points, numbers.mark_text(**number, color=theme.INK)]
