"""Visibility of the attacks: the changes of pictures, averaged over users, with their confidence intervals."""

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.pictures.stored import MISSING
from uncloak.recognition.intervals import mean_interval

MEASURES = ("dssim", "ssim", "lpips", "l2", "linf", "psnr", "landmark_shift")
OPTIONAL = ("lpips", "landmark_shift")  # where AlexNet's weights are; where photographs were searched for faces anew
COLUMNS = ("dataset", "attack", "user", "picture", *MEASURES)

_GROUP = ("dataset", "attack")
_PEAK = 255


def visibility(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Average the measures of `uncloak.visibility.pictures`, and LPIPS, over each user's pictures, then over users.

    PSNR is averaged as the mean squared error that it stands for, so that unchanged pictures, whose PSNR is infinite,
    count like all others; the result is the PSNR of that mean error, which is at most the mean of the pictures' PSNR.

    Args:
        table: one row per picture, with the columns `COLUMNS`; those that are `OPTIONAL` may be missing (NaN) for all
            pictures of an attack. A column `uncloak.pictures.stored.MISSING` may tell of pictures that a tool left
            out; those that are not posted are not averaged.
        seed: of the intervals.

    Returns one row per (dataset, attack), in the table's order: for every measure its mean and the 95 % bootstrap
    interval over users (`dssim` with `dssim_low` to `dssim_high`, and so on; NaN where a measure is missing),
    `n_users`, `n_pictures` (all users' together), `n_missing` (those that the tool left out, posted clean or not at
    all) and `seed`.

    Raises InputError where a column is missing, a picture stands twice, or a measure is no number.
    """
    _check(table)
    table = table.astype(dict.fromkeys(MEASURES, np.float64))
    records = []
    for key, all_rows in table.groupby(list(_GROUP), sort=False):
        missing = all_rows.get(MISSING, pd.Series("", all_rows.index))
        rows = all_rows[missing != "dropped"]
        users = rows.sort_values(["user", "picture"], kind="stable").groupby("user")
        record = dict(zip(_GROUP, key, strict=True))
        for measure in MEASURES:
            low, mean, high = _average(users[measure], measure, seed)
            record |= {measure: mean, f"{measure}_low": low, f"{measure}_high": high}
        counts = {"n_users": len(users), "n_pictures": len(rows), "n_missing": (missing != "").sum()}
        records.append({**record, **counts, "seed": seed})
    return pd.DataFrame(records)


def _average(users: pd.api.typing.SeriesGroupBy, measure: str, seed: int) -> tuple[float, float, float]:
    """Return the interval's low end, the mean over users, and the interval's high end."""
    if measure == "psnr":
        errors = users.apply(lambda values: np.mean(_PEAK**2 * 10 ** (-values / 10))).to_numpy()
        least, greatest = mean_interval(errors, seed)
        return _psnr(greatest), _psnr(errors.mean()), _psnr(least)
    means = users.mean().to_numpy()
    if np.isnan(means).any():
        return np.nan, np.nan, np.nan
    low, high = mean_interval(means, seed)
    return low, float(means.mean()), high


def _psnr(error: float) -> float:
    """Return the PSNR, in dB, of a mean squared error in grey levels."""
    return float(10 * np.log10(_PEAK**2 / error)) if error else np.inf


def _check(table: pd.DataFrame) -> None:
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"visibility table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    repeated = table[table.duplicated([*_GROUP, "picture"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise InputError(f"visibility table: picture '{first.picture}' stands twice under attack '{first.attack}'")
    for measure in MEASURES:
        absent = table[measure].isna()
        if measure in OPTIONAL:
            # All of an attack's pictures are without.
            absent &= table.groupby(list(_GROUP))[measure].transform("count") > 0
        if absent.any():
            first = table[absent].iloc[0]
            raise InputError(
                f"visibility table: picture '{first.picture}' has no {measure} under attack '{first.attack}';"
                " measure all its pictures again"
            )
