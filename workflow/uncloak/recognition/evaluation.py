"""Recognition of the users by their nearest gallery face, with and without their attacks (attacks.md 5.2, 5.3)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.posting import own_distances

COLUMNS = (
    *("dataset", "attack", "channel", "extractor", "classifier", "defense", "metric", "user"),
    *("unprotected", "rank", "n_probes", "error", "seed"),
)


def evaluate(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error, the share of clean probes whose nearest gallery face is not the user's.

    The gallery of a user under attack is everybody else's clean gallery faces and the user's perturbed ones. Where the
    user's face and another's are exactly as near, the identity first in sorted order wins.

    Args:
        comparisons: of the extractor.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        dataset: the dataset's name, for the table.
        extractor: the extractor's name, for the table.
        seed: of the experiment, by which mixtures divide the pictures.
        defense: the defense's name, for the table.

    Returns one row per (attack, channel, user) with the columns `COLUMNS`, `error` in [0,1]: first without attack
    (attack "none") through "png" and then through other channels, then by attack, channel and user.

    Raises InputError where an attack is not among the comparisons.
    """
    lost = {
        posting: rival_is_nearer(comparisons, own.min(axis=1))
        for posting, own in own_distances(comparisons, attacks, seed).items()
    }
    return error_table(comparisons, lost, dataset=dataset, extractor=extractor, seed=seed, defense=defense)


def rival_is_nearer(comparisons: Comparisons, own_squared: np.ndarray) -> np.ndarray:
    """Say whether each probe's nearest gallery face is another identity's.

    Args:
        comparisons: of the extractor.
        own_squared: float64 [P] or [P,R], the squared distances to the users' own nearest faces.

    Returns bool, of the shape of `own_squared`.
    """
    squared, rival, own = comparisons.rival_squared[:, 0], comparisons.rival[:, 0], own_squared.T
    return ((squared < own) | ((squared == own) & (rival < comparisons.own))).T


def error_table(
    comparisons: Comparisons,
    lost: Mapping[tuple[str, str], np.ndarray],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
    classifier: str = "nearest neighbor",
    unprotected: int = 0,
    rank: int = 1,
) -> pd.DataFrame:
    """Average over each user's probes.

    Args:
        comparisons: of the extractor.
        lost: (attack, channel) -> for every probe [P] whether, or in what share of random choices, it was not
            recognized.
        dataset: for the table, as all others.

    Returns one row per (attack, channel, user), in the order of `lost` and sorted by user, with the columns `COLUMNS`.
    """
    records = []
    for posting, values in lost.items():
        for user in comparisons.posted:
            own = values[comparisons.user == user]
            setting = dataset, *posting, extractor, classifier, defense, comparisons.metric
            records.append((*setting, user, unprotected, rank, len(own), float(own.mean()), seed))
    return pd.DataFrame(records, columns=list(COLUMNS))
