"""Errors of nearest-neighbor recognition, as of the experiment `protection`, or with other pictures in the gallery."""

from collections.abc import Mapping

import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.experiments.protection import measure as protection
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import error_table, rival_is_nearer
from uncloak.recognition.posting import own_distances


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, attack and channel; see `errors_by_others` where pictures are left out."""
    if not given.told["left_out"]:
        return protection.measure(given)
    return pd.concat(
        [
            errors_by_others(each.comparisons, each.attacks, given.told["left_out"], **each.names)
            for each in given.recognized()
        ],
        ignore_index=True,
    )


def errors_by_others(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    left_out: int,
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error where the gallery lacks some of the user's pictures, with and without attack.

    Args:
        comparisons: of the extractor.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        left_out: how many of the user's pictures, the first by name, are not in the gallery. A user who has no others
            has no row.
        dataset: for the table, as all others.

    Returns one row per (attack, channel, user) as `uncloak.recognition.evaluation.evaluate` does.

    Raises InputError where no user has others, or an attack is not among the comparisons.
    """
    there = [user for user, pictures in comparisons.posted.items() if len(pictures) > left_out]
    if not there:
        raise InputError(
            f"others: of no user are more than {left_out} pictures in the gallery of {dataset}, from which masks are"
            " made; let the attacks make theirs from fewer"
        )
    # Own pictures stand in the order of their names.
    own = own_distances(comparisons, attacks, seed).items()
    lost = {posting: rival_is_nearer(comparisons, squared[:, left_out:].min(axis=1)) for posting, squared in own}
    table = error_table(comparisons, lost, dataset=dataset, extractor=extractor, seed=seed, defense=defense)
    return table[table["user"].isin(there)]
