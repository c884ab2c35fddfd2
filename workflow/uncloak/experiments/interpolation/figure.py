"""Protection and clean error over alpha, between an extractor and what it was tuned to."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.rates import COLUMNS, AttackMarks, checked, explained, label_expression, plain, rate_lines, tooltip

_WIDTH = 560
_HEIGHT = 260
_LABEL_LETTERS = 14


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows, told = plain(given.table("table", *COLUMNS, "alpha")), given.told
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, by the share alpha of the tuned weights in "
        f"the extractor's. {source(given, rows)}"
    )
    return interpolation(rows, given.attacks, told["named"], told["title"], subtitle, INTERVAL), rows


def interpolation(
    table: pd.DataFrame,
    attacks: Sequence[str],
    named: dict[str, str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.LayerChart:
    """Draw protection rates over alpha, one line per attack.

    Args:
        table: one row per (attack, extractor) with the columns `uncloak.figures.rates.COLUMNS` and `alpha`, the tuned
            extractor's share of the weights in [0,1]. Rates in [0,1]. Rows of attacks not asked for are left out.
        attacks: names of the attacks, in the order of drawing. Attack "none" is the error without attack.
        named: extractor -> what is written below its alpha.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    rows = checked(table, attacks, ["attack", "extractor"], [*COLUMNS, "alpha"])
    marks = AttackMarks(rows, attacks, _WIDTH)
    places = rows.drop_duplicates("alpha").sort_values("alpha")
    labels = {
        f"{row.alpha:g}": [
            f"{row.alpha:g}",
            *theme.wrapped(named.get(row.extractor, ""), _LABEL_LETTERS * theme.POINTS_PER_LETTER),
        ]
        for row in places.itertuples()
    }
    x = alt.X(
        "alpha:Q",
        title="alpha: share of the tuned weights",
        scale=alt.Scale(domain=[0, 1], padding=24, nice=False),
        axis=alt.Axis(
            values=places["alpha"].tolist(),
            labelExpr=label_expression(labels),
            labelLimit=0,
            labelLineHeight=15,
            grid=False,
        ),
    )
    solid = alt.StrokeDash("channel:N", legend=None)
    told = tooltip(interval, alt.Tooltip("alpha:Q"))
    chart = alt.layer(*rate_lines(rows, x, solid, marks, "protection rate", told))
    heading = alt.TitleParams(title, subtitle=theme.wrapped(explained(subtitle, rows), _WIDTH))
    return theme.themed(chart.properties(width=_WIDTH, height=_HEIGHT, title=heading))
