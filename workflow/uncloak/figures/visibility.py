"""What the figures of protection against visibility share: rates beside what attacks show, its axis and its words."""

import altair as alt
import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.figures.rates import plain

# Title of the axis, and whether small numbers are what shows most.
_MEASURES = {
    "dssim": ("mean DSSIM (0: no change)", False),
    "ssim": ("mean SSIM (1: no change)", True),
    "lpips": ("mean LPIPS (0: no change)", False),
    "l2": ("mean L2 norm of the change, values 0 to 1", False),
    "linf": ("mean largest change, of 255 levels", False),
    "psnr": ("PSNR of the mean squared error, dB", True),
}


def of(measure: str) -> list[str]:
    """Return the columns of a measure: its mean, and the ends of its interval.

    Raises InputError for an unknown measure.
    """
    if measure not in _MEASURES:
        raise InputError(f"measure '{measure}' is not known; choose one of {', '.join(_MEASURES)}")
    return [measure, f"{measure}_low", f"{measure}_high"]


# Columns of the visibility table that are drawn.
SHOWN = ("dataset", "attack", "n_pictures", *(column for measure in _MEASURES for column in of(measure)))


def with_visibility(protection: pd.DataFrame, visibility: pd.DataFrame) -> pd.DataFrame:
    """Give the attacks' rows of the protection table, channel "png", their visibility.

    Args:
        protection: rows as `uncloak.recognition.rates.protection_rates` returns them, with labels.
        visibility: rows as `uncloak.visibility.users.visibility` returns them.

    Returns the rows of `protection` with the columns of every measure and `n_pictures`, without those of attack "none",
    which changes nothing.

    Raises InputError where an attack has no visibility, or several rows of it.
    """
    rows = plain(protection)
    rows = rows[rows["attack"] != "none"]
    shown = visibility[list(SHOWN)]
    repeated = shown[shown.duplicated(["dataset", "attack"])]
    if len(repeated):
        raise InputError(f"visibility table: has several rows of attack '{repeated.iloc[0].attack}'; measure it again")
    merged = rows.merge(shown, on=["dataset", "attack"], how="left", validate="many_to_one")
    absent = merged[merged["n_pictures"].isna()]
    if len(absent):
        raise InputError(f"visibility table: has no row of attack '{absent.iloc[0].attack}'; measure its pictures")
    return merged


def drawn_measure(rows: pd.DataFrame) -> str:
    """Return the measure to draw: LPIPS is nearer to what people see, and is there where AlexNet's weights are."""
    return "dssim" if rows["lpips"].isna().any() else "lpips"


def in_words(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows with what `told` tells of them.

    Raises InputError where an attack's visibility is missing or infinite.
    """
    columns = of(measure)
    unknown = rows[~np.isfinite(rows[columns].astype(np.float64)).all(axis=1)]
    if len(unknown):
        raise InputError(f"attack '{unknown.iloc[0].attack}' has no finite {measure}; draw another measure")
    mean, low, high = (rows[column].map("{:.4g}".format) for column in columns)
    return rows.assign(shows=mean, shows_interval=low + " to " + high)


def told(measure: str) -> list[alt.Tooltip]:
    """Return what a marker of rows `in_words` tells of its visibility when pointed at."""
    return [
        alt.Tooltip("shows:N", title=f"mean {measure.upper()}"),
        alt.Tooltip("shows_interval:N", title="95 % bootstrap interval over users"),
    ]


def visibility_axis(rows: pd.DataFrame, measure: str, titled: bool = True, padding: float = 0) -> alt.X:
    """Return the horizontal axis that holds a measure's rows: more visible to the right, no change at the left.

    padding: more room on both sides, in points.
    """
    title, fewer_is_more = _MEASURES[measure]
    values = rows[of(measure)].to_numpy(np.float64)
    least, greatest = (values.min() if fewer_is_more else 0.0), values.max()
    margin = 0.06 * (greatest - least) or 1.0
    domain = [least - margin if fewer_is_more else 0.0, greatest + margin]
    return alt.X(
        f"{measure}:Q",
        title=title if titled else None,
        scale=alt.Scale(domain=domain, nice=False, zero=False, reverse=fewer_is_more, padding=padding or alt.Undefined),
        axis=alt.Axis(tickCount=5, grid=False, labelFlush=False),
    )
