"""Claimed against measured: each published number beside ours for its counterpart, and how that differs."""

from collections.abc import Mapping

import pandas as pd

from uncloak.claims.published import ABOUT
from uncloak.errors import InputError

# What has other names here; the rest has one name in both tables, and so have most classifiers.
_TERMS = ("dataset", "attack", "extractor", "classifier")
# The other way to count the k best.
OTHERWISE = {"pictures": "identities", "identities": "pictures"}
_OURS = ("value", "low", "high", "attack_label", "extractor_label", "n", "seed")

MEASURED, NOT_MEASURED, NO_COUNTERPART = "measured", "not measured", "no counterpart"


def compare(
    published: pd.DataFrame, measured: pd.DataFrame, counterparts: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> pd.DataFrame:
    """Put what is measured here beside what is claimed.

    Args:
        published: what `uncloak.claims.published.read_published` returned.
        measured: what `uncloak.claims.measured.together` returned, rates in [0,1].
        counterparts: "dataset", "attack" and "extractor" -> published name -> record with our name, `ours`, and how
            ours differs in a few words, `differs` (empty where it does not). Attack "none" is itself; an attack on one
            surrogate is called "ATTACK on SURROGATE".

    Returns the rows of `published` with `our_dataset`, `our_attack` and `our_extractor` (empty where there is none),
    our `value` with its interval `low` to `high`, labels, `n` and `seed` (missing where not measured), `other_value`
    with `other_low` to `other_high` where the k best are counted otherwise (among identities where the claim is among
    pictures, and the reverse; missing for k = 1), `difference` (our value less the nearest claimed one: 0 within a
    claimed range), `differs`, and `status`: "measured", "not measured" or "no counterpart".

    Raises InputError for counterparts of another kind, or without `ours` or `differs`.
    """
    _check(counterparts)
    table = published.reset_index(drop=True)
    differs = []
    for term in _TERMS:
        same = {"attack": ["none"], "classifier": table["classifier"]}.get(term, ())
        known = {name: {"ours": name, "differs": ""} for name in same} | counterparts.get(term, {})
        table[f"our_{term}"] = [known.get(name, {"ours": ""})["ours"] for name in table[term]]
        differs.append([known.get(name, {"differs": ""})["differs"] for name in table[term]])
    table["differs"] = ["; ".join(dict.fromkeys(filter(None, texts))) for texts in zip(*differs, strict=True)]
    names = {term: f"our_{term}" for term in _TERMS}
    ours = measured.loc[:, [*ABOUT, *_OURS]].rename(columns=names)
    shared = [*names.values(), *(column for column in ABOUT if column not in _TERMS)]
    table = table.merge(ours, on=shared, how="left", validate="many_to_one")
    table = _counted_otherwise(table, ours, shared)
    table["difference"] = table["value"] - table["value"].clip(table["least"], table["most"])
    table["status"] = NOT_MEASURED
    table.loc[table["value"].notna(), "status"] = MEASURED
    table.loc[(table[list(names.values())] == "").any(axis=1), "status"] = NO_COUNTERPART
    return table


def _counted_otherwise(table: pd.DataFrame, ours: pd.DataFrame, shared: list[str]) -> pd.DataFrame:
    """Add our value and interval where the k best are counted the other way."""
    names = {name: f"other_{name}" for name in ("value", "low", "high")}
    otherwise = ours.assign(among=ours["among"].map(OTHERWISE)).dropna(subset="among").rename(columns=names)
    return table.merge(otherwise[[*shared, *names.values()]], on=shared, how="left", validate="many_to_one")


def _check(counterparts: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    for term, records in counterparts.items():
        if term not in _TERMS:
            raise InputError(f"counterparts: '{term}' is not known; choose one of {', '.join(_TERMS)}")
        for name, entry in records.items():
            if set(entry) != {"ours", "differs"}:
                raise InputError(f"counterparts: {term} '{name}' needs 'ours' and 'differs', and nothing else")
