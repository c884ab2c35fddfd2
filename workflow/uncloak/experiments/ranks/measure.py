"""Recognition at rank k: the user is found among the k nearest."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import error_table
from uncloak.recognition.posting import own_distances

RANKS = (1, 2, 5, 10, 50)
AMONG = ("identities", "pictures")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel; see `rank_errors`."""
    return pd.concat(
        [rank_errors(each.comparisons, each.attacks, **each.names) for each in given.recognized()], ignore_index=True
    )


def rank_errors(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error at the ranks `RANKS`, none above `uncloak.recognition.comparisons.NEAREST`.

    Takes the arguments of `uncloak.recognition.evaluation.evaluate`, and raises as it does.

    Returns one row per (among, rank, attack, channel, user) with its columns and `among`: the error is the share of
    clean probes where the user is not among the `rank` nearest "identities", or where none of the `rank` nearest
    gallery "pictures" is the user's.
    """
    own = {posting: squared.min(axis=1) for posting, squared in own_distances(comparisons, attacks, seed).items()}
    tables = []
    for among in AMONG:
        before = {posting: _rivals_before(comparisons, squared, among) for posting, squared in own.items()}
        for rank in RANKS:
            lost = {posting: counts >= rank for posting, counts in before.items()}
            names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
            table = error_table(comparisons, lost, **names, rank=rank)
            tables.append(table.assign(among=among))
    return pd.concat(tables, ignore_index=True)


def _rivals_before(comparisons: Comparisons, own_squared: np.ndarray, among: str) -> np.ndarray:
    """Count the rivals, int [P], at most NEAREST, that come before the user's nearest face at `own_squared` [P]."""
    squared, rival = {
        "identities": (comparisons.rival_squared, comparisons.rival),
        "pictures": (comparisons.rival_picture_squared, comparisons.rival_picture),
    }[among]
    own = own_squared[:, None]
    return np.count_nonzero((squared < own) | ((squared == own) & (rival < comparisons.own[:, None])), axis=1)
