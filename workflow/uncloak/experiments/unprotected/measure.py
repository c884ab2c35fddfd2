"""Unprotected pictures: a user who posts some pictures as they are among the perturbed ones (ICLR 2022, Fig. 7)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import NO_ATTACK, Comparisons
from uncloak.recognition.evaluation import COLUMNS, error_table, rival_is_nearer
from uncloak.recognition.posting import MadeBy, made_by
from uncloak.seeds import generator

ALL = "all"
MEASURED = (*COLUMNS, "posted", "kept")


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
    ways = made_by(comparisons, attacks, seed)
    orders = {user: permutations(len(pictures), choices, user, seed) for user, pictures in comparisons.posted.items()}
    fewest = min(len(pictures) for pictures in comparisons.posted.values())
    tables = []
    for number in (None, *(number for number in posted if number <= fewest)):
        for count in (count for count in unprotected if count <= (number or fewest)):
            found = {}
            for posting, by_user in ways.items():
                if posting[0] == NO_ATTACK[0] and count > 0:
                    continue
                clean = ways.get((NO_ATTACK[0], posting[1]), ways[NO_ATTACK])
                chosen = {
                    user: _chosen(clean[user], places, orders[user], count, number) for user, places in by_user.items()
                }
                found[posting] = _lost(comparisons, chosen)
            lost, kept = ({posting: both[place] for posting, both in found.items()} for place in (0, 1))
            names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
            table = error_table(comparisons, lost, **names, unprotected=count)
            there = [kept[row.attack, row.channel][row.user] for row in table.itertuples()]
            tables.append(table.assign(posted=str(number or ALL), kept=there))
    return pd.concat(tables, ignore_index=True)


def permutations(count: int, choices: int, user: str, seed: int) -> np.ndarray:
    """Return random orders of a user's `count` pictures, int [choices,count], from the user's own stream.

    Of the first n of an order, which are posted, the first k are unprotected: the choices for different n and k go
    together.
    """
    random = generator(seed, "unprotected", user)
    return np.array([random.permutation(count) for _ in range(choices)])


def _chosen(clean: np.ndarray, perturbed: np.ndarray, orders: np.ndarray, count: int, posted: int | None) -> np.ndarray:
    """Return how a user's n pictures are posted in each order, int [choices,n]: clean, perturbed, or -1 for not."""
    places = np.full(orders.shape, -1)
    for row, order in zip(places, orders, strict=True):
        row[order[:posted]] = perturbed[order[:posted]]
        row[order[:count]] = clean[order[:count]]
    return places


def _lost(comparisons: Comparisons, chosen: MadeBy) -> tuple[np.ndarray, dict[str, float]]:
    """Return the share of choices in which each probe is not recognized, float64 [P], and the mean number of each
    user's pictures that are in the gallery.
    """
    nearest, kept = np.empty((len(comparisons.probe), len(next(iter(chosen.values()))))), {}
    for user, places in chosen.items():
        squared = comparisons.own_as_posted(user, places)
        nearest[comparisons.user == user] = squared.min(axis=2)
        kept[user] = float(np.isfinite(squared[0]).sum(axis=1).mean())
    return rival_is_nearer(comparisons, nearest).mean(axis=1), kept
