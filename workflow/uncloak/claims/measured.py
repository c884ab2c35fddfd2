"""What is measured here, from tables of several kinds, in the form of published numbers: one number per row."""

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from uncloak.claims.published import ABOUT
from uncloak.errors import InputError

COLUMNS = (*ABOUT, "value", "low", "high", "attack_label", "extractor_label", "n", "seed")
# The columns of the tables that each kind is taken from.
RATES = (
    *("dataset", "attack", "attack_label", "channel", "extractor", "extractor_label", "classifier", "defense"),
    *("unprotected", "rank", "protection_rate", "low", "high", "n_users", "seed"),
)
GIVEAWAY = (
    *("dataset", "attack", "attack_label", "extractor", "extractor_label", "defense", "sign", "uncloaked"),
    *("deviations", "deviations_low", "deviations_high", "n_users", "seed"),
)
# Sign of a gallery -> what publications call it, at which uncloaked share of it we have it, and which way is farther.
_SIGNS = {"two centers": ("2-means distance", 0.5, 1), "target": ("distance to target", 0.0, -1)}
_DETECTION = {"detection accuracy": "accuracy", "precision": "precision", "recall": "recall", "AUC": "auc"}
DETECTION = (
    *("dataset", "detector", "attack", "n_identities", "seed"),
    *(f"{name}{end}" for name in _DETECTION.values() for end in ("", "_low", "_high")),
)
TIMES = (
    *("dataset", "attack", "attack_label", "seconds", "seconds_low", "seconds_high", "cpu_seconds"),
    *("n_users", "n_pictures", "device", "seed"),
)
PUBLIC = ("attack", "attack_label", "n_identities", "n_pictures", "seed")
TRANSFER = (
    *("classifier", "label", "condition", "n_pictures", "seed"),
    *(f"top{k}{end}" for k in (1, 5) for end in ("", "_low", "_high")),
)


# A classifier that robust training changes itself, rather than the extractor that it stands on.
_TUNED = "end to end"


def from_rates(table: pd.DataFrame, spelled: Sequence[Mapping[str, str]] = ()) -> pd.DataFrame:
    """Return errors and accuracies of recognition.

    Args:
        table: columns `RATES`: averaged rows as `uncloak.recognition.rates.protection_rates` returns them, with labels.
            Kept are those of users all of whose pictures are protected. What went through a channel is called
            "ATTACK.CHANNEL", and the dataset "DATASET, N gallery pictures" where everybody has N (`gallery`) at most.
            Ranks are those of identities unless `among` says otherwise. Of rows that have `posters` only those of all
            users at once are kept: one user at a time, which is what other rows are of, stands in other tables.
        spelled: of an `extractor` with a `defense`, the `name` and, if there is one, the `classifier` of both together
            in publications.

    Returns two rows per row kept, with the columns `COLUMNS`.
    """
    rows = table[table["unprotected"] == 0]
    rows = rows[rows["posters"] == "all"] if "posters" in rows else rows.assign(posters="one")
    plain = rows["channel"] == "png"
    for name, end in (("attack", "." + rows["channel"]), ("attack_label", ", " + rows["channel"])):
        rows = rows.assign(**{name: rows[name].where(plain, rows[name] + end)})
    if "gallery" in rows:
        few = rows["dataset"] + ", " + rows["gallery"].astype(str) + " gallery pictures"
        rows = rows.assign(dataset=rows["dataset"].where(rows["gallery"] == "whole", few))
    among = rows.get("among", pd.Series("identities", rows.index))
    # The nearest picture is that of the nearest identity.
    rows = rows.assign(among=among.where(rows["rank"] > 1, ""))
    rows = rows.assign(n=[f"{count} users" for count in rows["n_users"]])
    for each in spelled:
        both = (rows["extractor"] == each["extractor"]) & (rows["defense"] == each["defense"])
        tuned = both & (rows["classifier"] == _TUNED)
        rows.loc[tuned, "defense"] = "robust training"
        rows.loc[both & ~tuned, ["extractor", "defense"]] = each["name"], "none"
        if each["classifier"]:
            rows.loc[both & ~tuned, "classifier"] = each["classifier"]
    error = rows.assign(quantity="error", value=rows["protection_rate"])
    accuracy = rows.assign(
        quantity="accuracy", value=1 - rows["protection_rate"], low=1 - rows["high"], high=1 - rows["low"]
    )
    return pd.concat([error, accuracy], ignore_index=True)[list(COLUMNS)]


def from_detection(table: pd.DataFrame) -> pd.DataFrame:
    """Return how well perturbed pictures are told from clean ones.

    Args:
        table: columns `DETECTION`: one row per (dataset, detector, attack) with `accuracy`, `precision`, `recall` and
            `auc`, each with its interval (`accuracy_low`, `accuracy_high`, ...), rates in [0,1], `n_identities` and
            `seed`.

    Returns four rows per row, with the columns `COLUMNS`; the detector stands as the extractor.
    """
    rows = table.assign(
        **{"extractor": table["detector"], "classifier": "detector", "defense": "none"},
        **{"posters": "", "rank": 1, "among": ""},
        **{"attack_label": table["attack"], "extractor_label": table["detector"] + " detector"},
        n=[f"{count} identities" for count in table["n_identities"]],
    )
    return pd.concat(
        [
            rows.assign(quantity=quantity, value=rows[name], low=rows[f"{name}_low"], high=rows[f"{name}_high"])
            for quantity, name in _DETECTION.items()
        ],
        ignore_index=True,
    )[list(COLUMNS)]


def from_giveaway(table: pd.DataFrame) -> pd.DataFrame:
    """Return how far from the usual the users' galleries lie, in standard deviations.

    Args:
        table: columns `GIVEAWAY`: one row per (dataset, attack, extractor, sign, uncloaked) as
            `uncloak.experiments.giveaway.measure.average` returns them. Kept are two centers of galleries of which half
            is uncloaked, and how near wholly cloaked ones are to the person aimed at, which is a distance below 0 here.

    Returns one row per row kept, with the columns `COLUMNS`.
    """
    found = []
    for sign, (quantity, uncloaked, farther) in _SIGNS.items():
        rows = table[(table["sign"] == sign) & (table["uncloaked"] == uncloaked)]
        ends = rows[["deviations_low", "deviations_high"]] * farther
        found.append(
            rows.assign(
                **{"classifier": "none", "posters": "", "quantity": quantity, "rank": 1, "among": ""},
                **{"value": rows["deviations"] * farther, "low": ends.min(axis=1), "high": ends.max(axis=1)},
                n=[f"{count} users" for count in rows["n_users"]],
            )
        )
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def from_times(table: pd.DataFrame) -> pd.DataFrame:
    """Return how long it takes to perturb one picture.

    Args:
        table: columns `TIMES`: one row per (dataset, attack), as `uncloak.experiments.cost.measure.average` returns
            them.

    Returns one row per row, with the columns `COLUMNS`: seconds on the clock. No extractor looks on; its label says
    what computed, and in how much CPU time, for on a core that is shared the clock tells of others, too.
    """
    computed = table["device"] + ", " + table["cpu_seconds"].map("{:.3g} s of CPU time".format)
    rows = table.assign(
        **{"extractor": "none", "extractor_label": computed, "classifier": "none", "defense": "none"},
        **{"posters": "", "quantity": "time per picture", "rank": 1, "among": ""},
        **{"value": table["seconds"], "low": table["seconds_low"], "high": table["seconds_high"]},
        n=[f"{row.n_pictures} pictures of {row.n_users} users" for row in table.itertuples()],
    )
    return rows[list(COLUMNS)]


def from_public(table: pd.DataFrame, dataset: str, extractors: Mapping[str, str]) -> pd.DataFrame:
    """Return how many people the trainer perturbs; they are counted, so there is no interval.

    Args:
        table: columns `PUBLIC`: one row per attack, as
            `uncloak.experiments.public.measure.average` returns them.
        dataset: on which the extractors that learned them are measured.
        extractors: each of these extractors -> its label.

    Returns one row per row and extractor, with the columns `COLUMNS`.
    """
    rows = table.assign(
        **{"dataset": dataset, "classifier": "none", "defense": "robust training", "posters": ""},
        **{"quantity": "people perturbed", "rank": 1, "among": ""},
        **{"value": table["n_identities"].astype(float), "low": math.nan, "high": math.nan},
        n=[f"{count} pictures" for count in table["n_pictures"]],
    )
    labeled = [rows.assign(extractor=name, extractor_label=label) for name, label in extractors.items()]
    return pd.concat(labeled, ignore_index=True)[list(COLUMNS)]


def from_transfer(table: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of classifiers on clean pictures and on adversarial examples made for others.

    Args:
        table: columns `TRANSFER`: one row per (classifier, condition), condition "clean" or "transferred", with
            `label`, `top1` and `top5` in [0,1] with their intervals (`top1_low`, `top1_high`, ...), `n_pictures` and
            `seed`.

    Returns two rows per row, with the columns `COLUMNS`: dataset "transfer", attack "none" or "transferred".
    """
    attacks = table["condition"].replace("clean", "none")
    rows = table.assign(
        **{"dataset": "transfer", "attack": attacks, "attack_label": attacks.replace("none", "no attack")},
        **{"extractor": table["classifier"], "extractor_label": table["label"]},
        **{"classifier": "own head", "defense": "none", "posters": "", "quantity": "accuracy"},
        n=[f"{count} pictures" for count in table["n_pictures"]],
    )
    return pd.concat(
        [
            rows.assign(
                **{"rank": k, "among": among, "value": rows[f"top{k}"]},
                **{"low": rows[f"top{k}_low"], "high": rows[f"top{k}_high"]},
            )
            for k, among in ((1, ""), (5, "classes"))
        ],
        ignore_index=True,
    )[list(COLUMNS)]


def together(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return all rows, one for each thing measured; a number may stand in several tables if it is the same in all.

    Raises InputError where tables contradict each other.
    """
    rows = pd.concat(list(tables), ignore_index=True)
    # Tables are written with six digits.
    once = rows[~rows.assign(value=rows["value"].round(5)).duplicated([*ABOUT, "value"])]
    twice = once[once.duplicated(list(ABOUT))]
    if len(twice):
        first = twice.iloc[0]
        raise InputError(
            f"measured tables: {first.quantity} under attack '{first.attack}' and extractor '{first.extractor}' in"
            f" dataset '{first.dataset}' has several values; give tables of one metric and seed"
        )
    return once.reset_index(drop=True)
