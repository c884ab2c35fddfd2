"""What robust training on one attack does against another: extractors by what they were tuned on, and attacks."""

import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.figures import theme
from uncloak.figures.rates import checked, label_expression, only, plain, tooltip

_CELL_WIDTH = 118
_CELL_HEIGHT = 58
_COLUMN_LETTERS = 18
_ROW_LETTERS = 40
_LINE_HEIGHT = 15
# Rates from here on are written in white on the dark end of the scale.
_DARK = 0.65
_BLUES = ("#f7fbff", "#6baed6", "#08306b")
_LEAST_WIDTH = 470
_OUTLINED = "Outlined: tuned on that attack."


def training_matrix(
    table: pd.DataFrame,
    attacks: Sequence[str],
    trained_on: Mapping[str, Sequence[str]],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.LayerChart:
    """Draw a matrix of protection rates with their intervals, extractors in rows and attacks in columns.

    Args:
        table: one row per (attack, channel, extractor) with the columns `uncloak.figures.rates.COLUMNS`, rates in
            [0,1]. Attack "none" is the clean error. Rows of attacks and extractors not asked for, and of channels other
            than "png", are left out.
        attacks: names of the attacks, in the order of the columns.
        trained_on: extractor -> the attacks whose pictures it was tuned on (none for the base), in the order of the
            rows.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, extractors or cells are missing, repeated, or out of range.
    """
    rows = checked(only(plain(table), "extractor", trained_on), attacks, ["attack", "extractor"])
    cells = set(zip(rows["extractor"], rows["attack"], strict=True))
    empty = [(extractor, attack) for extractor in trained_on for attack in attacks if (extractor, attack) not in cells]
    if empty:
        raise InputError(f"protection table: extractor '{empty[0][0]}' has no row of attack '{empty[0][1]}'; test it")
    attack_labels, extractor_labels = (
        {name: textwrap.wrap(label, letters) for name, label in zip(rows[column], rows[f"{column}_label"], strict=True)}
        for column, letters in (("attack", _COLUMN_LETTERS), ("extractor", _ROW_LETTERS))
    )
    rows["trained"] = [
        attack in trained_on[extractor] for extractor, attack in zip(rows["extractor"], rows["attack"], strict=True)
    ]
    width = _CELL_WIDTH * len(attacks)

    bands = {"paddingInner": 0.04, "paddingOuter": 0.02}
    quiet = {"ticks": False, "domain": False, "labelLimit": 0, "labelLineHeight": _LINE_HEIGHT}
    x = alt.X(
        "attack:N",
        title="tested under",
        scale=alt.Scale(domain=list(attacks), **bands),
        axis=alt.Axis(
            orient="top",
            labelAngle=0,
            labelExpr=label_expression(attack_labels),
            # Labels of several lines grow down, towards the cells.
            labelPadding=6 + _LINE_HEIGHT * (max(map(len, attack_labels.values())) - 1),
            **quiet,
        ),
    )
    y = alt.Y(
        "extractor:N",
        title="extractor",
        scale=alt.Scale(domain=list(trained_on), **bands),
        axis=alt.Axis(labelExpr=label_expression(extractor_labels), **quiet),
    )
    color = alt.Color(
        "protection_rate:Q",
        scale=alt.Scale(domain=[0, 0.5, 1], range=list(_BLUES)),
        # Squares, because a gradient's name in the file counts up from figure to figure.
        legend=alt.Legend(
            title="protection rate",
            titleFontWeight="normal",
            format="%",
            orient="right",
            type="symbol",
            symbolType="square",
            symbolSize=260,
            symbolStrokeWidth=0,
            values=[0, 0.25, 0.5, 0.75, 1],
        ),
    )
    ink = alt.condition(f"datum.protection_rate >= {_DARK}", alt.value(theme.PAPER), alt.value(theme.INK))
    base = alt.Chart(rows).encode(x=x, y=y)
    ground = base.mark_rect().encode(color=color, tooltip=tooltip(interval))
    outline = base.transform_filter("datum.trained").mark_rect(fill=None, stroke=theme.INK, strokeWidth=2)
    rate = base.mark_text(fontSize=16, fontWeight="bold", dy=-7).encode(text="value:N", color=ink)
    ends = base.mark_text(fontSize=theme.LABEL_SIZE, dy=12).encode(text="interval:N", color=ink)
    lines = theme.wrapped(f"{subtitle} {_OUTLINED}", max(width, _LEAST_WIDTH))
    chart = alt.layer(ground, outline, rate, ends).properties(
        width=width,
        height=_CELL_HEIGHT * len(trained_on),
        title=alt.TitleParams(title, subtitle=lines),
    )
    return theme.themed(chart)
