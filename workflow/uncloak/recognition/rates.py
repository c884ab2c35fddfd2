"""Protection rates: the errors of recognition, averaged over users, with their confidence intervals."""

import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.evaluation import COLUMNS, NO_ATTACK
from uncloak.recognition.intervals import mean_interval

# What recognition was built and asked, whoever attacks: a protection rate and its clean error agree in these.
_SETTING = ("dataset", "extractor", "classifier", "defense", "metric", "rank", "seed")
_GROUP = (
    *("dataset", "attack", "channel", "extractor", "classifier", "defense", "metric"),
    "unprotected",
    "rank",
    "seed",
)


def protection_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Average the errors of `uncloak.recognition.evaluation.evaluate` over users.

    Args:
        table: rows of one or several evaluations, each with its rows of attack "none".

    Returns one row per (dataset, attack, channel, extractor, classifier, defense, metric, unprotected, rank, seed), in
    the table's order: `protection_rate` with the 95 % bootstrap interval `low` to `high` over users, the same users'
    error without attack `clean_error` with `clean_low` to `clean_high` (rates in [0,1]), `n_users` and `n_probes`
    (all users' together). The clean error is that through the row's channel where the table has rows of attack "none"
    through it, else that through "png". Rows of attack "none" have the clean error as their rate.

    Raises InputError where a column or a user's row without attack is missing, or a user stands twice.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"recognition table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    repeated = table[table.duplicated([*_GROUP, "user"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise InputError(
            f"recognition table: user '{first.user}' stands twice under attack '{first.attack}' and extractor"
            f" '{first.extractor}'; read each evaluation once"
        )
    unattacked = table[table["attack"] == NO_ATTACK[0]].groupby([*_SETTING, "channel"], sort=False)
    clean = {key: rows.set_index("user")["error"] for key, rows in unattacked}
    records = []
    for key, rows in table.groupby(list(_GROUP), sort=False):
        group = dict(zip(_GROUP, key, strict=True))
        seed = int(group.pop("seed"))
        rows = rows.sort_values("user", kind="stable")
        setting = tuple({**group, "seed": seed}[name] for name in _SETTING)
        channel = group["channel"] if (*setting, group["channel"]) in clean else NO_ATTACK[1]
        clean_errors = clean.get((*setting, channel), pd.Series(dtype=float)).reindex(rows["user"])
        if clean_errors.isna().any():
            raise InputError(
                f"recognition table: user '{clean_errors.index[clean_errors.isna()][0]}' has no row of attack"
                f" '{NO_ATTACK[0]}' through '{channel}' with extractor '{group['extractor']}'; evaluate without"
                " attack, too"
            )
        low, high = mean_interval(rows["error"].to_numpy(), seed)
        clean_low, clean_high = mean_interval(clean_errors.to_numpy(), seed)
        rates = {
            **{"protection_rate": rows["error"].mean(), "low": low, "high": high},
            **{"clean_error": clean_errors.mean(), "clean_low": clean_low, "clean_high": clean_high},
        }
        records.append({**group, **rates, "n_users": len(rows), "n_probes": int(rows["n_probes"].sum()), "seed": seed})
    return pd.DataFrame(records)
