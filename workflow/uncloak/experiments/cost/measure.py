"""How long it takes to perturb a picture, one at a time (LowKey, 2021, section 6.3)."""

import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.pictures.names import identities_of
from uncloak.recognition.intervals import mean_interval
from uncloak.tables import read_table

_TIMES = ("seconds", "cpu_seconds")
_TIMED = ("picture", *_TIMES, "pixels", "steps", "device")
MEASURED = ("dataset", "attack", "user", *_TIMED, "seed")


def measure(given: Given) -> pd.DataFrame:
    """Return one row per attack and picture: what its job told (`uncloak.attacks.timing.one_at_a_time`)."""
    tables = []
    for attack, path in zip(given.told["attacks"], given.files["times"], strict=True):
        times = read_table(path, *_TIMED)
        about = {"dataset": given.dataset, "attack": attack, "user": identities_of(times["picture"])}
        tables.append(times.assign(**about, seed=given.seed)[list(MEASURED)])
    return pd.concat(tables, ignore_index=True)


def average(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Average over users, every user counting alike.

    Returns one row per attack: dataset, attack, attack_label; `seconds` and `cpu_seconds`, means over users of those
    over their pictures, with 95 % bootstrap intervals (`seconds_low`, `seconds_high`, ...); n_users and n_pictures (all
    users' together); `pixels`, the mean over pictures; and what is the same for all of them: steps (NaN where the
    method has no such option), device (with its precision) and seed.

    Raises InputError where an attack has pictures of fewer than two users, so that there is no interval.
    """
    records = []
    for attack, rows in table.groupby("attack", sort=False):
        users = rows.sort_values("user", kind="stable").groupby("user")[list(_TIMES)].mean()
        if len(users) < 2:
            raise InputError(f"cost: pictures of {len(users)} user are timed under attack '{attack}'; time two users'")
        record = {"dataset": rows["dataset"].iloc[0], "attack": attack}
        for name in _TIMES:
            low, high = mean_interval(users[name].to_numpy(), given.seed)
            record |= {name: users[name].mean(), f"{name}_low": low, f"{name}_high": high}
        record |= {"n_users": len(users), "n_pictures": len(rows), "pixels": rows["pixels"].mean()}
        records.append(record | rows[["steps", "device", "seed"]].iloc[0].to_dict())
    averages = pd.DataFrame(records)
    averages.insert(2, "attack_label", averages["attack"].map(given.told["labels"]))
    return averages
