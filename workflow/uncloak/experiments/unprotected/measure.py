"""Unprotected pictures: a user who posts some pictures as they are among the perturbed ones (ICLR 2022, Fig. 7)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import NO_ATTACK, Comparisons
from uncloak.recognition.evaluation import error_table, rival_is_nearer
from uncloak.recognition.posting import own_distances
from uncloak.seeds import generator

ALL = "all"


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack, channel and pictures; see `unprotected_errors`."""
    options = given.options
    numbers = {"unprotected": options.pictures, "posted": options.posted or [], "choices": options.choices}
    return pd.concat(
        [unprotected_errors(each.comparisons, each.attacks, **each.names, **numbers) for each in given.recognized()],
        ignore_index=True,
    )


def unprotected_errors(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    unprotected: Sequence[int],
    posted: Sequence[int],
    choices: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error where some of the posted pictures are not perturbed, averaged over random choices.

    An unprotected picture went through the channel of the others where the clean faces were compared through it, else
    it is as it was.

    Args:
        comparisons: of the extractor.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        dataset: the dataset's name, for the table.
        extractor: the extractor's name, for the table.
        seed: of the experiment, by which mixtures divide the pictures and pictures are chosen.
        unprotected: how many pictures are not perturbed.
        posted: how many pictures a user posts at all, besides the case that it is the whole gallery. Numbers here and
            in `unprotected` that a user's pictures do not reach are left out for all users.
        choices: random choices (`permutations`), the same for every attack and extractor.
        defense: the defense's name, for the table.

    Returns one row per (posted, unprotected, attack, channel, user) with the columns of
    `uncloak.recognition.evaluation.evaluate`, `posted`, the number of pictures as text, "all" for the gallery, and
    `kept`, the mean number of the user's pictures that are in the gallery, where a defense may have dropped some.
    Without attack (attack "none") `unprotected` is 0.

    Raises InputError where an attack is not among the comparisons.
    """
    own = own_distances(comparisons, attacks, seed)
    orders = {user: permutations(len(pictures), choices, user, seed) for user, pictures in comparisons.posted.items()}
    fewest = min(len(pictures) for pictures in comparisons.posted.values())
    tables = []
    for number in (None, *(number for number in posted if number <= fewest)):
        for count in (count for count in unprotected if count <= (number or fewest)):
            lost = {}
            for posting, squared in own.items():
                if posting[0] == NO_ATTACK[0] and count > 0:
                    continue
                clean = own.get((NO_ATTACK[0], posting[1]), own[NO_ATTACK])
                lost[posting] = _lost(comparisons, clean, squared, orders, count, number)
            names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
            table = error_table(comparisons, lost, **names, unprotected=count)
            kept = [
                _kept(
                    own.get((NO_ATTACK[0], row.channel), own[NO_ATTACK])[comparisons.user == row.user][0],
                    own[row.attack, row.channel][comparisons.user == row.user][0],
                    orders[row.user],
                    count,
                    number,
                )
                for row in table.itertuples()
            ]
            tables.append(table.assign(posted=str(number or ALL), kept=kept))
    return pd.concat(tables, ignore_index=True)


def permutations(count: int, choices: int, user: str, seed: int) -> np.ndarray:
    """Return random orders of a user's `count` pictures, int [choices,count], from the user's own stream.

    Of the first n of an order, which are posted, the first k are unprotected: the choices for different n and k go
    together.
    """
    random = generator(seed, "unprotected", user)
    return np.array([random.permutation(count) for _ in range(choices)])


def _lost(
    comparisons: Comparisons,
    clean: np.ndarray,
    perturbed: np.ndarray,
    orders: Mapping[str, np.ndarray],
    count: int,
    posted: int | None,
) -> np.ndarray:
    """Return the share of choices in which each probe is not recognized, float64 [P]."""
    nearest = np.empty((len(clean), len(next(iter(orders.values())))))
    for user, order in orders.items():
        rows = comparisons.user == user
        unprotected = clean[rows][:, order[:, :count]].min(axis=2, initial=np.inf)
        protected = perturbed[rows][:, order[:, count:posted]].min(axis=2, initial=np.inf)
        nearest[rows] = np.minimum(unprotected, protected)
    return rival_is_nearer(comparisons, nearest).mean(axis=1)


def _kept(clean: np.ndarray, perturbed: np.ndarray, order: np.ndarray, count: int, posted: int | None) -> float:
    """Return the mean number of pictures at a finite distance, of a user's as they are [G] and as perturbed [G]."""
    pictures = np.hstack([np.isfinite(clean)[order[:, :count]], np.isfinite(perturbed)[order[:, count:posted]]])
    return float(pictures.sum(axis=1).mean())
