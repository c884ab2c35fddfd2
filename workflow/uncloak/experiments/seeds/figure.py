"""How far seeds spread rates: each with its interval over users, and the lowest and the highest seed's mean."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.rates import COLUMNS, RATES, AttackMarks, Panels, checked, percent, plain, rate_bars, tooltip

# A series' share of the width: its marker must fit.
_SERIES_WIDTH = 14
_LEAST_WIDTH = 195
_ANEW = {"training": "extractor", "attack": "cloak", "split": "split"}
_ENDS = ("lowest_seed", "highest_seed")
_COLUMNS = (*COLUMNS, "repeated", *_ENDS, "n_seeds", "share_of_seeds")


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = plain(given.table("table", *_COLUMNS))
    attacks = [name for name in given.attacks if name in set(rows["attack"])]
    subtitle = (
        "Means over seeds: the extractor is trained, the cloak made, or users and probes drawn anew. Long ticks: the "
        "lowest and the highest mean of a seed. "
        f"{source(given, rows)}"
    )
    return by_repeat(rows, attacks, given.told["title"], subtitle, INTERVAL), rows


def by_repeat(
    table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.ConcatChart:
    """Draw protection rates by what is made anew, one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor, repeated) with the columns `uncloak.figures.rates.COLUMNS`,
            `repeated` ("training", "attack" or "split"), `lowest_seed` and `highest_seed` (means over users in [0,1]),
            `n_seeds`, and `share_of_seeds` in [0,1] or missing. Rows of attacks not asked for, and of channels other
            than "png", are left out.
        attacks: names of the attacks, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    rows = checked(plain(table), attacks, ["attack", "extractor", "repeated"], _COLUMNS, [*RATES, *_ENDS])
    rows["anew"] = rows["repeated"].map(_ANEW)
    rows["share"] = [f"{percent(share)} %" if pd.notna(share) else "not known" for share in rows["share_of_seeds"]]
    order = [name for name in _ANEW.values() if name in set(rows["anew"])]
    panels = Panels(rows, max(_LEAST_WIDTH, _SERIES_WIDTH * len(attacks) * len(order)))
    marks = AttackMarks(rows, attacks, panels.width)
    dodge = alt.XOffset("attack:N", sort=list(attacks), scale=alt.Scale(paddingInner=0, paddingOuter=0))

    def panel(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "anew:N",
            title="made anew" if bottom else None,
            scale=alt.Scale(domain=order, paddingInner=0.2, paddingOuter=0.1),
            axis=alt.Axis(labelAngle=0, ticks=False),
        )
        told = tooltip(
            interval,
            alt.Tooltip("anew:N", title="made anew"),
            alt.Tooltip("n_seeds:Q", title="seeds"),
            alt.Tooltip("share:N", title="of the spread between seeds"),
        )
        ends = alt.Chart(own.melt(["anew", "attack"], list(_ENDS), value_name="end")).encode(x=x, xOffset=dodge)
        ticks = ends.mark_point(shape="stroke", size=160, strokeWidth=1.5).encode(y="end:Q", stroke=marks.stroke)
        return alt.layer(ticks, *rate_bars(own, x, attacks, marks, "protection rate" if left else None, told))

    return panels.chart(panel, title, subtitle)
