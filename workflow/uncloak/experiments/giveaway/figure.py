"""How far users' galleries lie from the usual, over the share of them that the trainer has uncloaked."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.usual import SIGNS
from uncloak.figures import theme
from uncloak.figures.rates import INTERVALS, POINT, AttackMarks, Panels, explained, only, percent

_COLUMNS = (
    *("dataset", "attack", "attack_label", "extractor", "extractor_label", "released", "white_box", "sign"),
    *("uncloaked", "found", "low", "high", "deviations", "deviations_low", "deviations_high", "n_users", "seed"),
)
_PANEL_WIDTH = 250
_MEANS = {
    "two centers": "Two centers of the user's pictures, farther apart than usual",
    "nearest person": "Center of the user's pictures, nearer to some other person than usual",
    "target": "Center of the user's pictures, nearer to the person aimed at than usual",
}


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = given.table("table", *_COLUMNS)
    rows = only(table, "extractor", given.standing(given.told["extractors"], table["extractor"]))
    users = rows["n_users"].max()
    subtitle = (
        "Standard deviations from what is usual among people who are no users, towards what a cloak does; at the "
        f"right, no picture is cloaked. A user is found above the dashed line. Means over {users} users with bootstrap "
        f"intervals; shares of users found, at the markers, with {INTERVALS}. "
        f"Dataset: {given.told['dataset_label']}. Seed {given.seed}."
    )
    there = set(rows["attack"])
    attacks = [attack for attack in given.told["attacks"] if attack in there]
    return giveaway(rows, attacks, given.options.deviations, given.told["title"], subtitle), rows


def giveaway(
    table: pd.DataFrame, attacks: Sequence[str], deviations: float, title: str, subtitle: str
) -> alt.VConcatChart:
    """Draw deviations over the uncloaked share, one line per attack, one panel per extractor, one row per sign.

    Args:
        table: as `uncloak.experiments.giveaway.measure.average` returns it.
        attacks: those of the table, in the order of the legend.
        deviations: above which a user is found.
        title, subtitle: the figure's.
    """
    rows = table.assign(
        told=[
            f"{percent(one)} % ({percent(low)} to {percent(high)})"
            for one, low, high in zip(table["found"], table["low"], table["high"], strict=True)
        ],
        reach=[
            f"{one:+.1f} ({low:+.1f} to {high:+.1f})"
            for one, low, high in zip(
                table["deviations"], table["deviations_low"], table["deviations_high"], strict=True
            )
        ],
        released=table["released"].replace("", None),
    )
    panels = {sign: Panels(own, _PANEL_WIDTH) for sign, own in rows.groupby("sign", sort=False)}
    width = max(each.width for each in panels.values())
    marks = AttackMarks(rows, attacks, width)
    charts = []
    for sign in (sign for sign in SIGNS if sign in panels):
        own = rows[rows["sign"] == sign]
        ends = min(0, own["deviations_low"].min()), max(deviations, own["deviations_high"].max())
        scale = alt.Scale(domain=ends, nice=True)
        drawn = panels[sign].bare(lambda rows, left, bottom, y=scale: _panel(rows, left, bottom, y, marks, deviations))
        charts.append(drawn.properties(title=alt.TitleParams(_MEANS[sign], fontSize=theme.TEXT_SIZE + 1)))
    heading = alt.TitleParams(title, subtitle=theme.wrapped(explained(subtitle, rows), width))
    return theme.themed(alt.vconcat(*charts, spacing=30).properties(title=heading))


def _panel(
    rows: pd.DataFrame, left: bool, bottom: bool, scale: alt.Scale, marks: AttackMarks, deviations: float
) -> alt.LayerChart:
    x = alt.X(
        "uncloaked:Q",
        title="share of the gallery uncloaked" if bottom else None,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], grid=False),
    )
    y = alt.Y("deviations:Q", title="standard deviations" if left else None, scale=scale, axis=alt.Axis(domain=False))
    base = alt.Chart(rows).encode(x=x)
    band = base.mark_area(opacity=0.1).encode(
        y=alt.Y("deviations_low:Q", scale=scale), y2="deviations_high:Q", fill=marks.solid
    )
    line = base.mark_line(strokeWidth=1.8).encode(y=y, stroke=marks.stroke)
    told = [
        alt.Tooltip("attack_label:N", title="attack"),
        alt.Tooltip("extractor_label:N", title="extractor"),
        alt.Tooltip("uncloaked:Q", title="share uncloaked", format="%"),
        alt.Tooltip("reach:N", title="standard deviations"),
        alt.Tooltip("told:N", title="users found"),
        alt.Tooltip("n_users:Q", title="users"),
        alt.Tooltip("seed:N", title="seed"),
    ]
    dots = base.mark_point(size=50, **POINT).encode(
        y=y, shape=marks.shape, stroke=marks.stroke, fill=marks.fill, tooltip=told
    )
    limit = alt.Chart(pd.DataFrame({"limit": [deviations]})).mark_rule(color=theme.QUIET_INK, strokeDash=[4, 3])
    return alt.layer(limit.encode(y=alt.Y("limit:Q", scale=scale)), band, line, dots)
