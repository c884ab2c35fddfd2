"""Protection rate against visibility of the perturbation: what a cloak costs and what it buys, by extractor."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL
from uncloak.figures import theme
from uncloak.figures.rates import (
    COLUMNS,
    CROWDED_BAR,
    INTERVALS,
    POINT,
    AttackMarks,
    Panels,
    checked,
    rate_axis,
    tooltip,
)
from uncloak.figures.visibility import SHOWN, drawn_measure, in_words, of, told, visibility_axis, with_visibility

_CLEAN = ("clean_error", "clean_low", "clean_high")
_RULE = "Dashed: error without attack, on its interval."


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw protection against visibility."""
    protection = given.table("protection", *COLUMNS, *_CLEAN, "defense")
    protection = protection[protection["extractor"].isin(given.told["extractors"]) & (protection["defense"] == "none")]
    rows = with_visibility(protection, given.table("table", *SHOWN))
    measure = drawn_measure(rows)
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes, against the mean {measure.upper()} of the "
        f"users' posted 8-bit pictures: means over {rows['n_users'].max()} users ({rows['n_probes'].max()} probes, "
        f"{rows['n_pictures'].max():.0f} pictures) with {INTERVALS}, of visibility by "
        "bootstrap. "
        f"Dataset: {given.told['dataset_label']}. Seed {given.seed}."
    )
    chart = protection_by_visibility(
        rows, list(given.told["attacks"]), given.told["title"], subtitle, measure, INTERVAL
    )
    return chart, rows


def protection_by_visibility(
    table: pd.DataFrame,
    attacks: Sequence[str],
    title: str,
    subtitle: str,
    measure: str = "dssim",
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw every attack at its visibility and protection rate, with their intervals, one panel per extractor.

    Args:
        table: what `with_visibility` returned; rates in [0,1].
        attacks: names of the attacks, in the order of the legend.
        title: the figure's title.
        subtitle: what is shown, numbers of users, interval, dataset, seed; wrapped to the figure's width.
        measure: dssim, ssim, lpips, l2, linf or psnr. Farther right is always more visible.
        interval: what the bars are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range, for an unknown
    measure, and where an attack's visibility is missing or infinite.
    """
    rows = checked(
        table,
        attacks,
        ["attack", "extractor"],
        [*COLUMNS, *_CLEAN, *of(measure), "n_pictures"],
        ["protection_rate", "low", "high", *_CLEAN],
    )
    rows = in_words(rows, measure)
    panels = Panels(rows)
    marks = AttackMarks(rows, attacks, panels.width)
    words = tooltip(interval, *told(measure), alt.Tooltip("n_pictures:Q", title="pictures"))

    def draw(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = visibility_axis(rows, measure, bottom)
        y = rate_axis("protection rate" if left else None)
        clean = alt.Chart(own[list(_CLEAN)].head(1))
        band = clean.mark_rect(color=theme.GRID, opacity=0.7).encode(y=alt.Y("clean_low:Q"), y2="clean_high:Q")
        rule = clean.mark_rule(color=theme.QUIET_INK, strokeDash=[4, 3]).encode(y=alt.Y("clean_error:Q"))
        base = alt.Chart(own).encode(x=x, y=y, stroke=marks.stroke)
        high = base.mark_rule(**CROWDED_BAR).encode(y=alt.Y("low:Q"), y2="high:Q")
        wide = base.mark_rule(**CROWDED_BAR).encode(x=alt.X(f"{measure}_low:Q"), x2=f"{measure}_high:Q")
        points = base.mark_point(size=80, **POINT).encode(shape=marks.shape, fill=marks.fill, tooltip=words)
        return alt.layer(band, rule, high, wide, points)

    return panels.chart(draw, title, f"{subtitle} {_RULE}")
