"""Recognition by a gallery that grows with what it recognizes (DynTracker: Fan et al., arXiv 2501.06533).

Later pictures of everybody come one after the other. Each is recognized by its nearest face among the gallery and the
pictures that have joined it, right or wrong, and joins as a picture of the person for whom it was taken. So one clean
picture that is recognized makes the next ones easier, and one that is mistaken misleads.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from uncloak.pictures.split import USER
from uncloak.recognition.comparisons import NO_ATTACK, Comparisons
from uncloak.recognition.distances import points, squared_distances
from uncloak.recognition.evaluation import error_table
from uncloak.recognition.nearest import Gallery
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.posting import MadeBy, made_by
from uncloak.recognition.seen import Seen
from uncloak.seeds import generator


class Growth(NamedTuple):
    """How a gallery grows.

    Attributes:
        reach: a picture joins if the squared distance to the face that it is recognized by is below this.
        orders: random orders in which the pictures come, which are averaged.
    """

    reach: float
    orders: int


def grown_errors(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    seen: Seen,
    growth: Growth,
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str,
) -> pd.DataFrame:
    """Measure each user's error while the gallery grows, averaged over the orders.

    One user attacks at a time; probes of everybody come, each is asked once, and counts as it is answered then. Where
    faces are exactly as near, the identity first in sorted order wins.

    Args:
        comparisons: of the extractor; what a defense drops from the gallery (`uncloak.recognition.dropping`) is not in
            it.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        seen: the embeddings from which `comparisons` were made.
        growth: how the gallery grows.
        dataset: for the table, as all others.
        seed: of the experiment, by which mixtures divide the pictures and pictures come in an order.

    Returns one row per (attack, channel, user) as `uncloak.recognition.evaluation.evaluate` does.

    Raises InputError as `uncloak.recognition.posting.made_by` does.
    """
    postings = made_by(comparisons, attacks, seed)
    stream = _Stream(comparisons, seen)
    nearest = [_start(stream, comparisons, seen, by_user) for by_user in postings.values()]
    squared, owner = (np.concatenate(each) for each in zip(*nearest, strict=True))
    wrong = np.zeros(squared.shape)
    for number in range(growth.orders):
        order = generator(seed, "growth", str(number)).permutation(len(stream.asker))
        wrong += _taken_for(stream.probes, squared, owner, order, growth.reach) != stream.asker
    users = len(comparisons.posted)
    lost = {
        posting: _of_users(stream, comparisons, wrong[place * users : (place + 1) * users] / growth.orders)
        for place, posting in enumerate(postings)
    }
    names = {"dataset": dataset, "extractor": extractor, "seed": seed, "defense": defense}
    return error_table(comparisons, lost, **names)


class _Stream:
    """Everybody's probes, Q in all, by identity and picture.

    Attributes:
        probes: float64 [Q,D].
        asker: int [Q], whose they are, as indices into the identities of the comparisons; -1 of who is not in the
            gallery.
        of_user: bool [Q].
        squared: float64 [Q,2], to the nearest clean gallery faces of the two nearest identities.
        owner: int [Q,2], these.
    """

    def __init__(self, comparisons: Comparisons, seen: Seen):
        gallery, probes = gallery_and_probes(seen.split)
        if comparisons.filtered:
            gallery = gallery[np.isin(gallery["picture"].to_numpy(str), comparisons.filtered.left)]
        faces, names = seen.probing.rows(probes["picture"]), comparisons.identities
        self.probes = points(faces, comparisons.metric)
        place = {name: number for number, name in enumerate(names)}
        self.asker = np.array([place.get(name, -1) for name in probes["identity"]])
        self.of_user = (probes["role"] == USER).to_numpy()
        self.squared, self.owner = np.full((len(faces), 2), np.inf), np.full((len(faces), 2), -1)
        if len(gallery):
            left = Gallery(seen.clean.view(gallery["picture"]), gallery["identity"], comparisons.metric)
            found = left.rivals(faces, -1, 2)
            self.squared = found.squared
            self.owner = np.append(np.searchsorted(names, left.identities), -1)[found.identity]


def _start(stream: _Stream, comparisons: Comparisons, seen: Seen, by_user: MadeBy) -> tuple[np.ndarray, np.ndarray]:
    """Return, of each user's attack, the squared distance to each probe's nearest gallery face, float64 [U,Q], and
    whose face it is, int [U,Q]."""
    squared, owner = [], []
    for user, places in by_user.items():
        number = np.searchsorted(comparisons.identities, user)
        # Without the user's clean faces.
        column = (stream.owner[:, 0] == number).astype(int)
        rows = np.arange(len(column))
        rest, whose = stream.squared[rows, column], stream.owner[rows, column]
        own = _own(stream, comparisons, seen, user, places)
        is_own = (own < rest) | ((own == rest) & (number < whose))
        squared.append(np.where(is_own, own, rest))
        owner.append(np.where(is_own, number, whose))
    return np.array(squared), np.array(owner)


def _own(stream: _Stream, comparisons: Comparisons, seen: Seen, user: str, places: np.ndarray) -> np.ndarray:
    """Return the squared distances of all probes to the user's nearest face as posted, float64 [Q]."""
    kept = comparisons.filtered.keeps(user, places) if comparisons.filtered else np.ones(len(places), dtype=bool)
    nearest = np.full(len(stream.probes), np.inf)
    for place in np.unique(places[kept]):
        posting = comparisons.postings[place]
        made = seen.clean if posting == NO_ATTACK else seen.perturbed[posting]
        faces = points(made.rows(comparisons.posted[user][kept & (places == place)]), comparisons.metric)
        np.minimum(nearest, squared_distances(faces, stream.probes).min(axis=0), out=nearest)
    return nearest


def _taken_for(
    probes: np.ndarray, squared: np.ndarray, owner: np.ndarray, order: np.ndarray, reach: float
) -> np.ndarray:
    """Return for whom each of Q probes is taken when they come in this order, int [K,Q], in each of K galleries.

    squared, owner: [K,Q], the nearest faces at the start.
    """
    probes, squared, owner = probes[order], squared[:, order], owner[:, order]
    taken, joined = np.empty_like(owner), np.zeros(owner.shape, dtype=bool)
    for now in range(len(order)):
        nearest, whose = squared[:, now], owner[:, now]
        if now:
            distance = squared_distances(probes[[now]], probes[:now])[0]
            there = np.where(joined[:, :now], distance, np.inf)
            least = there.min(axis=1)
            # Of faces that are as near, the identity first in sorted order.
            first = np.where(there == least[:, None], taken[:, :now], np.iinfo(int).max).min(axis=1)
            nearer = (least < nearest) | ((least == nearest) & (first < whose) & np.isfinite(least))
            nearest, whose = np.where(nearer, least, nearest), np.where(nearer, first, whose)
        taken[:, now], joined[:, now] = whose, (whose >= 0) & (nearest < reach)
    found = np.empty_like(taken)
    found[:, order] = taken
    return found


def _of_users(stream: _Stream, comparisons: Comparisons, wrong: np.ndarray) -> np.ndarray:
    """Return, of the users' probes [P], what is said of all probes while their own user attacks, [U,Q]."""
    attacker = np.searchsorted(list(comparisons.posted), comparisons.user)
    return wrong[attacker, np.flatnonzero(stream.of_user)]
