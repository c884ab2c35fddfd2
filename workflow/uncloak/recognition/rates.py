"""Protection rates: the errors of recognition, averaged over users, with their confidence intervals.

Every user counts alike, whatever the number of probes.
"""

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.comparisons import NO_ATTACK
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.intervals import difference_interval, rate_interval

_NO_DEFENSE = "none"

# What recognition was built and asked, whoever attacks: a protection rate and its clean error agree in these.
_SETTING = ("dataset", "extractor", "classifier", "defense", "metric", "rank", "seed")
_GROUP = (
    *("dataset", "attack", "channel", "extractor", "classifier", "defense", "metric"),
    "unprotected",
    "rank",
    "seed",
)
# Settings that only some experiments have.
_OPTIONAL = ("posted", "posters", "gallery", "among", "false_accept_rate", "false_positive_rate", "repeated")


def protection_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Average the errors of `uncloak.recognition.evaluation.evaluate`, or of a like table, over users.

    Args:
        table: rows of one or several evaluations, each with its rows of attack "none". Among the columns besides
            `uncloak.recognition.evaluation.COLUMNS`, `posted`, `posters`, `gallery`, `among`, `false_accept_rate` and
            `false_positive_rate` say what was asked; all others are numbers by user.

    Returns one row per (dataset, attack, channel, extractor, classifier, defense, metric, unprotected, rank, seed, and
    what else was asked where the table has it), in the table's order: `protection_rate` with the 95 % interval `low` to
    `high` over users (`uncloak.recognition.intervals.rate_interval`), the same users' error without attack
    `clean_error` with `clean_low` to `clean_high` (rates in [0,1]), the two differences below, the means over users of
    the table's other columns, `n_users` and `n_probes` (all users' together). The clean error is that through the row's
    channel where the table has rows of attack "none" through it, else that through "png". Rows of attack "none" have
    the clean error as their rate.

    Differences in [-1,1], of the same users and probes, with their intervals `*_low` to `*_high`
    (`uncloak.recognition.intervals.difference_interval`): `above_clean`, the rate less the clean error, missing for
    attack "none"; `above_no_defense`, the rate less that without defense, all else alike, missing where there is no
    defense or the table does not have all users' rows without.

    Raises InputError where a column or a user's row without attack is missing, or a user stands twice.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"recognition table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    optional = [column for column in _OPTIONAL if column in table]
    group = [*_GROUP[:-1], *optional, "seed"]
    repeated = table[table.duplicated([*group, "user"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise InputError(
            f"recognition table: user '{first.user}' stands twice under attack '{first.attack}' and extractor"
            f" '{first.extractor}'; read each evaluation once"
        )
    measures = [column for column in table if column not in (*COLUMNS, *optional)]
    table = table.assign(
        clean_error=_clean_errors(table, [*_SETTING, *optional]), undefended=_undefended_errors(table, group)
    )
    records = []
    for key, rows in table.groupby(group, sort=False, dropna=False):
        record = dict(zip(group, key, strict=True))
        seed = int(record.pop("seed"))
        rows = rows.sort_values("user", kind="stable")
        low, high = rate_interval(rows["error"], rows["n_probes"])
        clean_low, clean_high = rate_interval(rows["clean_error"], rows["n_probes"])
        record |= {"protection_rate": rows["error"].mean(), "low": low, "high": high}
        record |= {"clean_error": rows["clean_error"].mean(), "clean_low": clean_low, "clean_high": clean_high}
        record |= _difference(rows, "clean_error", "above_clean", record["attack"] != NO_ATTACK[0])
        record |= _difference(rows, "undefended", "above_no_defense", rows["undefended"].notna().all())
        record |= {measure: rows[measure].mean() for measure in measures}
        records.append({**record, "n_users": len(rows), "n_probes": int(rows["n_probes"].sum()), "seed": seed})
    return pd.DataFrame(records)


def _difference(rows: pd.DataFrame, baseline: str, name: str, compared: bool) -> dict[str, float]:
    """Return the mean difference of the users' errors from `baseline` as `name`, with its interval; or NaN."""
    if not compared:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
    low, high = difference_interval(rows["error"], rows[baseline], rows["n_probes"])
    return {name: (rows["error"] - rows[baseline]).mean(), f"{name}_low": low, f"{name}_high": high}


def _undefended_errors(table: pd.DataFrame, group: list[str]) -> np.ndarray:
    """Return the error without defense, float64 [N], of each row's user, probes and setting; NaN where none is."""
    alike = [*(column for column in group if column != "defense"), "user", "n_probes"]
    defended = table["defense"] != _NO_DEFENSE
    errors = table[alike].merge(table.loc[~defended, [*alike, "error"]], how="left", on=alike)["error"]
    return errors.where(defended.to_numpy()).to_numpy(np.float64)


def _clean_errors(table: pd.DataFrame, setting: list[str]) -> np.ndarray:
    """Return the error without attack, float64 [N], of each row's user and `setting`.

    Raises InputError where there is none.
    """
    clean = table.loc[table["attack"] == NO_ATTACK[0], [*setting, "channel", "user", "error"]]
    measured = pd.MultiIndex.from_frame(clean[[*setting, "channel"]])
    asked = pd.MultiIndex.from_frame(table[[*setting, "channel"]])
    through = table["channel"].where(asked.isin(measured), NO_ATTACK[1])
    wanted = table[[*setting, "user"]].assign(channel=through.to_numpy())
    errors = wanted.merge(clean, how="left", on=[*setting, "channel", "user"])["error"].to_numpy()
    if np.isnan(errors).any():
        place = np.flatnonzero(np.isnan(errors))[0]
        first = wanted.iloc[place]
        raise InputError(
            f"recognition table: user '{first.user}' has no row of attack '{NO_ATTACK[0]}' through '{first.channel}'"
            f" with extractor '{first.extractor}'; evaluate without attack, too"
        )
    return errors
