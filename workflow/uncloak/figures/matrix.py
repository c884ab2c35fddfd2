"""A matrix of protection rates: each cell a rate and its interval, outlined where who tests knows what is tested."""

import textwrap
from collections.abc import Mapping

import altair as alt
import pandas as pd

from uncloak.figures import theme
from uncloak.figures.rates import label_expression, tooltip

CELL_WIDTH = 118
_CELL_HEIGHT = 58
_COLUMN_LETTERS = 18
_ROW_LETTERS = 40
_LINE_HEIGHT = 15
# Rates from here on are written in white on the dark end of the scale.
_DARK = 0.65
_BLUES = ("#f7fbff", "#6baed6", "#08306b")


def matrix(
    rows: pd.DataFrame,
    columns: tuple[str, str, Mapping[str, str]],
    lines: tuple[str, str, Mapping[str, str]],
    interval: str,
    outlined: str = "outlined",
) -> alt.LayerChart:
    """Draw a matrix, without a title.

    Args:
        rows: one per cell, as `uncloak.figures.rates.checked` returned them.
        columns: the field that tells columns apart, their title, and the label of each, in order.
        lines: the same of the lines.
        interval: what `low` and `high` are, for the tooltip.
        outlined: the field, true or false, that says which cells are outlined.
    """
    x_field, x_title, x_labels = columns
    y_field, y_title, y_labels = lines
    x_lines = {name: textwrap.wrap(label, _COLUMN_LETTERS) for name, label in x_labels.items()}
    y_lines = {name: textwrap.wrap(label, _ROW_LETTERS) for name, label in y_labels.items()}
    bands = {"paddingInner": 0.04, "paddingOuter": 0.02}
    quiet = {"ticks": False, "domain": False, "labelLimit": 0, "labelLineHeight": _LINE_HEIGHT}
    x = alt.X(
        f"{x_field}:N",
        title=x_title,
        scale=alt.Scale(domain=list(x_labels), **bands),
        axis=alt.Axis(
            orient="top",
            labelAngle=0,
            labelExpr=label_expression(x_lines),
            # Labels of several lines grow down, towards the cells.
            labelPadding=6 + _LINE_HEIGHT * (max(map(len, x_lines.values())) - 1),
            **quiet,
        ),
    )
    y = alt.Y(
        f"{y_field}:N",
        title=y_title,
        scale=alt.Scale(domain=list(y_labels), **bands),
        # By itself an axis gives its labels 200 pixels, and the title would stand in longer ones.
        axis=alt.Axis(labelExpr=label_expression(y_lines), maxExtent=400, **quiet),
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
    outline = base.transform_filter(f"datum.{outlined}").mark_rect(fill=None, stroke=theme.INK, strokeWidth=2)
    rate = base.mark_text(fontSize=16, fontWeight="bold", dy=-7).encode(text="value:N", color=ink)
    ends = base.mark_text(fontSize=theme.LABEL_SIZE, dy=12).encode(text="interval:N", color=ink)
    return alt.layer(ground, outline, rate, ends).properties(
        width=CELL_WIDTH * len(x_labels), height=_CELL_HEIGHT * len(y_labels)
    )
