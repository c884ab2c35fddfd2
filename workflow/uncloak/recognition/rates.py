"""Protection rates: the errors of recognition, averaged over users, with their confidence intervals."""

from functools import lru_cache

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.comparisons import NO_ATTACK
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.intervals import mean_interval

# What recognition was built and asked, whoever attacks: a protection rate and its clean error agree in these.
_SETTING = ("dataset", "extractor", "classifier", "defense", "metric", "rank", "seed")
_GROUP = (
    *("dataset", "attack", "channel", "extractor", "classifier", "defense", "metric"),
    "unprotected",
    "rank",
    "seed",
)
# Settings that only some experiments have.
_OPTIONAL = ("posted", "among", "false_accept_rate")


def protection_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Average the errors of `uncloak.recognition.evaluation.evaluate`, or of a like table, over users.

    Args:
        table: rows of one or several evaluations, each with its rows of attack "none". Among the columns besides
            `uncloak.recognition.evaluation.COLUMNS`, `posted`, `among` and `false_accept_rate` say what was asked; all
            others are numbers by user.

    Returns one row per (dataset, attack, channel, extractor, classifier, defense, metric, unprotected, rank, seed, and
    posted, among and false_accept_rate where the table has them), in the table's order: `protection_rate` with the 95 %
    bootstrap interval `low` to `high` over users, the same users' error without attack `clean_error` with `clean_low`
    to `clean_high` (rates in [0,1]), the means over users of the table's other columns, `n_users` and `n_probes` (all
    users' together). The clean error is that through the row's channel where the table has rows of attack "none"
    through it, else that through "png". Rows of attack "none" have the clean error as their rate.

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
    table = table.assign(clean_error=_clean_errors(table, [*_SETTING, *optional]))
    records = []
    for key, rows in table.groupby(group, sort=False, dropna=False):
        record = dict(zip(group, key, strict=True))
        seed = int(record.pop("seed"))
        rows = rows.sort_values("user", kind="stable")
        low, high = _interval(tuple(rows["error"]), seed)
        clean_low, clean_high = _interval(tuple(rows["clean_error"]), seed)
        record |= {"protection_rate": rows["error"].mean(), "low": low, "high": high}
        record |= {"clean_error": rows["clean_error"].mean(), "clean_low": clean_low, "clean_high": clean_high}
        record |= {measure: rows[measure].mean() for measure in measures}
        records.append({**record, "n_users": len(rows), "n_probes": int(rows["n_probes"].sum()), "seed": seed})
    return pd.DataFrame(records)


# The same users' clean errors stand beside every attack.
_interval = lru_cache(maxsize=None)(mean_interval)


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
