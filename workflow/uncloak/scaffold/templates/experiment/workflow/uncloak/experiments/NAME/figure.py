"""Protection rate by extractor where probes vote."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.rates import (
    COLUMNS,
    AttackMarks,
    by_release,
    checked,
    explained,
    label_expression,
    only,
    plain,
    rate_bars,
    tooltip,
)

_WIDTH, _HEIGHT = 130, 260  # of an extractor, in points


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = only(plain(given.table("table", *COLUMNS)), "attack", given.attacks)
    subtitle = (
        f"Share of users of whose clean probes less than {given.options.share:.0%} are recognized. "
        f"{source(given, rows)}"
    )
    return by_vote(rows, given.attacks, given.told["title"], subtitle, INTERVAL), rows


def by_vote(table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str) -> alt.LayerChart:
    """Draw protection rates with their intervals, extractors from oldest to newest.

    Args:
        table: one row per (attack, extractor) with the columns `uncloak.figures.rates.COLUMNS`, rates in [0,1].
        attacks: names of the attacks, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    rows = checked(table, attacks, ["attack", "extractor"])
    extractors = by_release(rows, "last")
    labels = dict(zip(extractors["extractor"], extractors["extractor_label"], strict=True))
    width = _WIDTH * len(labels)
    x = alt.X(
        "extractor:N",
        sort=list(labels),
        title="extractor, from oldest to newest release",
        axis=alt.Axis(labelAngle=0, labelLimit=_WIDTH, ticks=False, labelExpr=label_expression(labels)),
    )
    layers = rate_bars(rows, x, attacks, AttackMarks(rows, attacks, width), "protection rate", tooltip(interval))
    heading = alt.TitleParams(title, subtitle=theme.wrapped(explained(subtitle, rows), width))
    return theme.themed(alt.layer(*layers).properties(width=width, height=_HEIGHT, title=heading))
