"""Errors where something random is made anew, and the share of their spread that is between seeds."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from uncloak.experiments import averaging
from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import NO_ATTACK
from uncloak.recognition.components import components, components_of_others
from uncloak.recognition.evaluation import COLUMNS, evaluate

# What is made anew, by the kind of the record, and the column that it is named in.
_REPEATED = {
    "extractors": ("training", "extractor"),
    "attacks": ("attack", "attack"),
    "datasets": ("split", "dataset"),
}
MEASURED = (*COLUMNS, "repeated")
_SETTING = (*(column for column in COLUMNS if column not in ("user", "n_probes", "error", "seed")), "repeated")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, attack, and what was made anew by which seed.

    The columns are those of `uncloak.recognition.evaluation.evaluate` and `repeated`: "training", "attack" or
    "split". `seed` is that by which the extractor was trained, the pictures perturbed, or users and probes drawn;
    records have their own names whatever the seed.
    """
    errors = pd.concat([evaluate(each.comparisons, each.attacks, **each.names) for each in given.recognized()])
    return pd.concat(repeated(errors, given.told["repeats"]), ignore_index=True)


def repeated(errors: pd.DataFrame, repeats: Mapping[str, Mapping[str, tuple[str, int]]]) -> Iterator[pd.DataFrame]:
    """Yield the rows in which each kind of record is repeated, under the names of what is repeated.

    Args:
        errors: as of `uncloak.recognition.evaluation.evaluate`, of records and of their repeats.
        repeats: "extractors", "attacks" and "datasets" -> repeat -> which record it is of, and its seed.
    """
    for kind, (what, column) in _REPEATED.items():
        own = repeats[kind]
        if not own:
            continue
        others = {name for other, names in repeats.items() if other != kind for name in names}
        first = {name for name, _ in own.values()}
        rows = errors[errors[column].isin({*own, *first})]
        if kind == "attacks":  # beside their clean errors
            clean = errors["extractor"].isin(rows["extractor"]) & (errors["attack"] == NO_ATTACK[0])
            rows = errors[errors[column].isin({*own, *first}) | clean]
        rows = rows[~rows["extractor"].isin(others) & ~rows["attack"].isin(others)]
        seeds = rows[column].map({name: seed for name, (_, seed) in own.items()}).fillna(rows["seed"]).astype(int)
        names = rows[column].map({name: of for name, (of, _) in own.items()}).fillna(rows[column])
        yield rows.assign(**{column: names, "seed": seeds, "repeated": what})


def average(given: Given, errors: pd.DataFrame) -> pd.DataFrame:
    """Average errors over seeds and users, and say what the seeds have to do with their spread.

    Rows are those of `uncloak.experiments.averaging.average`, of each user's mean over the seeds, and by `repeated`;
    those where nothing was made anew are left out, and extractors trained anew against attacks that knew the first one:
    the others were never known. Added are `n_seeds`, the least and the greatest mean over users of a seed
    (`lowest_seed`, `highest_seed`), the standard deviations between seeds, users, and what is left (`sd_seeds`,
    `sd_users`, `sd_rest`; of single users' errors), and `share_of_seeds` of their variances' sum, in [0,1]
    (`uncloak.recognition.components`; where users are drawn anew, what is left is not told from them). These four are
    missing for a single user.
    """
    setting = list(_SETTING)
    means = errors.groupby([*setting, "user"], sort=False, as_index=False).agg({"n_probes": "first", "error": "mean"})
    rates = averaging.average(given, means.assign(seed=given.seed))
    spread = pd.DataFrame(
        [
            {**dict(zip(setting, key, strict=True)), **_spread(rows)}
            for key, rows in errors.groupby(setting, sort=False)
            if rows["seed"].nunique() > 1
        ]
    )
    table = rates.merge(spread, on=setting, how="inner", validate="one_to_one")
    return table[(table["repeated"] != "training") | ~table["white_box"]].reset_index(drop=True)


def _spread(rows: pd.DataFrame) -> dict:
    by_seed = rows.groupby("seed")["error"].mean()
    found = {"n_seeds": len(by_seed), "lowest_seed": by_seed.min(), "highest_seed": by_seed.max()}
    if (rows["seed"].value_counts() < 2).any():
        return {**found, **dict.fromkeys(("sd_seeds", "sd_users", "sd_rest", "share_of_seeds"), math.nan)}
    if (rows["repeated"] == "split").all():
        parts = components_of_others([own.to_numpy() for _, own in rows.groupby("seed")["error"]])
    else:
        parts = components(rows.pivot(index="seed", columns="user", values="error").to_numpy())
    deviations = {f"sd_{name}": getattr(parts, name) ** 0.5 for name in ("seeds", "users", "rest")}
    return {**found, **deviations, "share_of_seeds": parts.share_of_seeds}
