"""Recognition at rank k: the user is found among the k nearest."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import COLUMNS, error_table
from uncloak.recognition.posting import own_distances

RANKS = (1, 2, 5, 10, 50)
AMONG = ("identities", "pictures")
MEASURED = (*COLUMNS, "among")


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
        rivals = {
            "identities": (comparisons.rival_squared, comparisons.rival),
            "pictures": (comparisons.rival_picture_squared, comparisons.rival_picture),
        }[among]
        before = {posting: rivals_before(*rivals, squared, comparisons.own) for posting, squared in own.items()}
        for rank in RANKS:
            lost = {posting: counts >= rank for posting, counts in before.items()}
            names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
            table = error_table(comparisons, lost, **names, rank=rank)
            tables.append(table.assign(among=among))
    return pd.concat(tables, ignore_index=True)


def rivals_before(squared: np.ndarray, rival: np.ndarray, own_squared: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Count the rivals, int [P], that come before the own nearest face; of those as near, identities in sorted order.

    Args:
        squared: float64 [P,K], distances to the nearest K rivals.
        rival: int [P,K], whose they are.
        own_squared: float64 [P], to the own nearest face.
        own: int [P], who asks.
    """
    nearest = own_squared[:, None]
    return np.count_nonzero((squared < nearest) | ((squared == nearest) & (rival < own[:, None])), axis=1)
