"""Protection rate against visibility of the perturbation: what a cloak costs and what it buys, by extractor."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from uncloak.errors import InputError
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
    plain,
    rate_axis,
    tooltip,
)

# Title of the axis, and whether small numbers are what shows most.
_MEASURES = {
    "dssim": ("mean DSSIM (0: no change)", False),
    "ssim": ("mean SSIM (1: no change)", True),
    "lpips": ("mean LPIPS (0: no change)", False),
    "l2": ("mean L2 norm of the change, values 0 to 1", False),
    "linf": ("mean largest change, of 255 levels", False),
    "psnr": ("PSNR of the mean squared error, dB", True),
}
_SHOWN = (
    *("dataset", "attack", "n_pictures"),
    *(f"{measure}{end}" for measure in _MEASURES for end in ("", "_low", "_high")),
)
_CLEAN = ("clean_error", "clean_low", "clean_high")
_RULE = "Dashed: error without attack, on its interval."


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw protection against visibility."""
    protection = given.table("protection", *COLUMNS, *_CLEAN, "defense")
    protection = protection[protection["extractor"].isin(given.told["extractors"]) & (protection["defense"] == "none")]
    rows = with_visibility(protection, given.table("table", *_SHOWN))
    # LPIPS is nearer to what people see, and is there where AlexNet's weights are.
    measure = "dssim" if rows["lpips"].isna().any() else "lpips"
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


def with_visibility(protection: pd.DataFrame, visibility: pd.DataFrame) -> pd.DataFrame:
    """Give the attacks' rows of the protection table, channel "png", their visibility.

    Args:
        protection: rows as `uncloak.recognition.rates.protection_rates` returns them, with labels.
        visibility: rows as `uncloak.visibility.users.visibility` returns them.

    Returns the rows of `protection` with the columns of every measure and `n_pictures`, without those of attack "none",
    which changes nothing.

    Raises InputError where an attack has no visibility.
    """
    rows = plain(protection)
    rows = rows[rows["attack"] != "none"]
    shown = visibility[list(_SHOWN)]
    merged = rows.merge(shown, on=["dataset", "attack"], how="left", validate="many_to_one")
    absent = merged[merged["n_pictures"].isna()]
    if len(absent):
        raise InputError(f"visibility table: has no row of attack '{absent.iloc[0].attack}'; measure its pictures")
    return merged


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
    if measure not in _MEASURES:
        raise InputError(f"measure '{measure}' is not known; choose one of {', '.join(_MEASURES)}")
    x_title, fewer_is_more = _MEASURES[measure]
    ends = [measure, f"{measure}_low", f"{measure}_high"]
    rows = checked(
        table,
        attacks,
        ["attack", "extractor"],
        [*COLUMNS, *_CLEAN, *ends, "n_pictures"],
        ["protection_rate", "low", "high", *_CLEAN],
    )
    unknown = rows[~np.isfinite(rows[ends].astype(np.float64)).all(axis=1)]
    if len(unknown):
        raise InputError(f"attack '{unknown.iloc[0].attack}' has no finite {measure}; draw another measure")
    rows["shows"] = rows[measure].map("{:.4g}".format)
    rows["shows_interval"] = rows[ends[1]].map("{:.4g}".format) + " to " + rows[ends[2]].map("{:.4g}".format)
    scale = _scale(rows[ends].to_numpy(np.float64), from_zero=not fewer_is_more)
    panels = Panels(rows)
    marks = AttackMarks(rows, attacks, panels.width)
    more = [
        alt.Tooltip("shows:N", title=f"mean {measure.upper()}"),
        alt.Tooltip("shows_interval:N", title="95 % bootstrap interval over users"),
        alt.Tooltip("n_pictures:Q", title="pictures"),
    ]

    def draw(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        axis = alt.Axis(tickCount=5, grid=False, labelFlush=False)
        x = alt.X(f"{measure}:Q", title=x_title if bottom else None, scale=scale, axis=axis)
        y = rate_axis("protection rate" if left else None)
        clean = alt.Chart(own[list(_CLEAN)].head(1))
        band = clean.mark_rect(color=theme.GRID, opacity=0.7).encode(y=alt.Y("clean_low:Q"), y2="clean_high:Q")
        rule = clean.mark_rule(color=theme.QUIET_INK, strokeDash=[4, 3]).encode(y=alt.Y("clean_error:Q"))
        base = alt.Chart(own).encode(x=x, y=y, stroke=marks.stroke)
        high = base.mark_rule(**CROWDED_BAR).encode(y=alt.Y("low:Q"), y2="high:Q")
        wide = base.mark_rule(**CROWDED_BAR).encode(x=alt.X(f"{measure}_low:Q"), x2=f"{measure}_high:Q")
        points = base.mark_point(size=80, **POINT).encode(
            shape=marks.shape, fill=marks.fill, tooltip=tooltip(interval, *more)
        )
        return alt.layer(band, rule, high, wide, points)

    return panels.chart(draw, title, f"{subtitle} {_RULE}")


def _scale(values: np.ndarray, from_zero: bool) -> alt.Scale:
    """Return the scale that holds `values`: more visible to the right, no change at the left edge where that is 0."""
    least, greatest = (0.0 if from_zero else values.min()), values.max()
    margin = 0.06 * (greatest - least) or 1.0
    domain = [0.0 if from_zero else least - margin, greatest + margin]
    return alt.Scale(domain=domain, nice=False, zero=False, reverse=not from_zero)
