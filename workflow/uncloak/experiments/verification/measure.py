"""Verification of the users: is this probe near enough to the user's gallery faces, whoever else is near?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import error_table
from uncloak.recognition.posting import own_distances


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel; see `verification_errors`."""
    return pd.concat(
        [verification_errors(each.comparisons, each.attacks, **each.names) for each in given.recognized()],
        ignore_index=True,
    )


def verification_errors(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error at the false-accept rates of the comparisons.

    A probe is accepted where it lies nearer to the user's nearest posted face than a threshold, below which at most
    that rate of impostors lie; the thresholds come from identities that are no users.

    Takes the arguments of `uncloak.recognition.evaluation.evaluate`.

    Returns one row per (false_accept_rate, attack, channel, user) with its columns (classifier "verification") and
    `false_accept_rate`: the error is the share of the user's clean probes that are not accepted.

    Raises InputError where an attack is not among the comparisons, or no impostor was compared.
    """
    if np.isnan(comparisons.false_accept_squared).any():
        raise InputError(
            "verification: no impostors to choose the threshold by; give the split at least two identities"
            " that are no users, with probes"
        )
    own = {posting: squared.min(axis=1) for posting, squared in own_distances(comparisons, attacks, seed).items()}
    tables = []
    for rate, threshold in zip(comparisons.false_accept_rates, comparisons.false_accept_squared, strict=True):
        lost = {posting: squared >= threshold for posting, squared in own.items()}
        names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
        table = error_table(comparisons, lost, **names, classifier="verification")
        tables.append(table.assign(false_accept_rate=rate))
    return pd.concat(tables, ignore_index=True)
