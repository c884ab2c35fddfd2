"""What robust training on one attack does against another: extractors by what they were tuned on, and attacks."""

import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.rates import COLUMNS, checked, label_expression, only, plain, tooltip

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


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    trained_on = given.told["trained_on"]
    rows = only(only(plain(given.table()), "defense", trained_on), "attack", given.attacks)
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, in percent, with extractors tuned on public "
        f"identities' faces perturbed by one attack or another. {source(given, rows)}"
    )
    return training_matrix(rows, given.attacks, trained_on, given.told["title"], subtitle, INTERVAL), rows


def training_matrix(
    table: pd.DataFrame,
    attacks: Sequence[str],
    trained_on: Mapping[str, Sequence[str]],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.LayerChart:
    """Draw a matrix of protection rates with their intervals, defenses in rows and attacks in columns.

    Args:
        table: one row per (attack, channel, defense) of one extractor, with the columns
            `uncloak.figures.rates.COLUMNS`, `defense` and `defense_label`, rates in [0,1]. Attack "none" is the clean
            error. Rows of attacks and defenses not asked for, and of channels other than "png", are left out.
        attacks: names of the attacks, in the order of the columns.
        trained_on: defense -> the attacks whose pictures the extractor was tuned on ("none": none), in the order of
            the rows.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, defenses or cells are missing, repeated, or out of range.
    """
    rows = checked(
        only(plain(table), "defense", trained_on),
        attacks,
        ["attack", "extractor", "defense"],
        [*COLUMNS, "defense", "defense_label"],
    )
    cells = set(zip(rows["defense"], rows["attack"], strict=True))
    empty = [(defense, attack) for defense in trained_on for attack in attacks if (defense, attack) not in cells]
    if empty:
        raise InputError(f"protection table: defense '{empty[0][0]}' has no row of attack '{empty[0][1]}'; test it")
    rows["defense_label"] = rows["defense_label"].replace("none", "no defense")
    attack_labels, defense_labels = (
        {name: textwrap.wrap(label, letters) for name, label in zip(rows[column], rows[f"{column}_label"], strict=True)}
        for column, letters in (("attack", _COLUMN_LETTERS), ("defense", _ROW_LETTERS))
    )
    rows["trained"] = [
        attack in trained_on[defense] for defense, attack in zip(rows["defense"], rows["attack"], strict=True)
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
        "defense:N",
        title="defense",
        scale=alt.Scale(domain=list(trained_on), **bands),
        axis=alt.Axis(labelExpr=label_expression(defense_labels), **quiet),
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
