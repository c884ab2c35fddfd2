"""Protection rate by channel: what is left of a cloak after what happens to posted pictures, by extractor."""

import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL
from uncloak.figures import theme
from uncloak.figures.rates import (
    COLUMNS,
    INTERVALS,
    AttackMarks,
    Panels,
    checked,
    label_expression,
    rate_bars,
    tooltip,
)

# A series' share of the width: its marker must fit.
_SERIES_WIDTH = 8
_GAP = 0.26
_LEAST_WIDTH = 200
_LABEL_LETTERS = 9
_LABEL_GAP = 3


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw protection by channel."""
    rows = given.table("protection", *COLUMNS, "defense")
    rows = rows[rows["extractor"].isin(given.told["extractors"]) & (rows["defense"] == "none")]
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, where the users' posted pictures went "
        f"through a channel before they were scraped: mean over {rows['n_users'].max()} users "
        f"({rows['n_probes'].max()} probes) with {INTERVALS}. "
        f"Dataset: {given.told['dataset_label']}. Seed {given.seed}."
    )
    chart = protection_by_channel(rows, given.attacks, given.told["channels"], given.told["title"], subtitle, INTERVAL)
    return chart, rows


def protection_by_channel(
    table: pd.DataFrame,
    attacks: Sequence[str],
    channels: Mapping[str, str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates with their intervals by channel, one series per attack, one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor) with the columns `uncloak.figures.rates.COLUMNS`, as for
            `uncloak.experiments.by_extractor.figure.protection_by_extractor`. Attack "none" is the clean error. Rows of
            attacks and channels not asked for are left out.
        attacks: names of the attacks, in the order of drawing.
        channels: names of the channels and their labels, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, channels or extractors are missing, repeated, or out of range.
    """
    rows = checked(table, attacks, ["attack", "channel", "extractor"])
    rows = rows[rows["channel"].isin(list(channels))]
    absent = [channel for channel in channels if channel not in set(rows["channel"])]
    if absent or not channels:
        raise InputError(f"protection table: has no rows of channel '{absent[0] if absent else ''}'; name others")
    rows["channel_label"] = rows["channel"].map(dict(channels))
    lines = {name: textwrap.wrap(label, _LABEL_LETTERS, break_long_words=False) for name, label in channels.items()}
    longest = max(len(line) for label in lines.values() for line in label)
    channel_width = max(
        round(theme.POINTS_PER_LETTER * longest) + _LABEL_GAP, round(_SERIES_WIDTH * len(attacks) / (1 - _GAP))
    )
    panels = Panels(rows, max(_LEAST_WIDTH, channel_width * len(channels)))
    marks = AttackMarks(rows, attacks, panels.width)

    def draw(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "channel:N",
            title="what happened to the posted picture" if bottom else None,
            scale=alt.Scale(domain=list(channels), paddingInner=_GAP, paddingOuter=_GAP / 2),
            axis=alt.Axis(
                labelAngle=0, labelLimit=0, ticks=False, labelLineHeight=14, labelExpr=label_expression(lines)
            ),
        )
        told = tooltip(interval, alt.Tooltip("channel_label:N", title="channel"))
        return alt.layer(*rate_bars(own, x, attacks, marks, "protection rate" if left else None, told))

    return panels.chart(draw, title, subtitle)
