"""Divide each person's gallery in two, and drop a part where the two lie too far apart (Fawkes, section 8.2).

A trainer who has some of a user's pictures uncloaked "could run a 2-means clustering on each class's feature space,
flagging classes with two distinct centroids as potentially cloaked": of a protected user their distance was 3 standard
deviations above the average. Which part is cloaked Fawkes does not say. The larger part stays unless said otherwise, as
of poisoned classes (activation clustering: Chen et al., arXiv 1811.03728, which Fawkes cites).

Where recognition is by nearest neighbors, dropping a user's own pictures cannot help to find that user: cloaked ones do
no harm there. What a filter can win is fewer rivals; what it costs is told by the clean error and the rates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from uncloak.errors import InputError
from uncloak.recognition.distances import squared_distances
from uncloak.recognition.dropping import Stays
from uncloak.recognition.seen import Scraped

HOOKS = ("gallery",)

_ROUNDS = 100


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        keep: the part that stays, both where they are alike in this: the larger or the smaller, or the one whose center
            lies farther from the nearest other person's, as Fawkes moves pictures toward another person's, or nearer,
            as LowKey moves them away from all.
        deviations: a gallery is divided if the distance of its two centers is more than so many standard deviations
            above the average of people who are no users.
    """

    keep: Literal["larger", "smaller", "farther", "nearer"] = "larger"
    deviations: float = 3.0


def gallery(strangers: Iterator[Scraped], options: Options) -> Stays:
    """Return what says of a person which faces stay.

    strangers: what was scraped of those who are no users, from whom the usual distance of the centers is learned.

    Raises InputError where none of them has two pictures that differ.
    """
    names, centers, apart = [], [], []
    for person in strangers:
        names.append(person.identity)
        centers.append(person.embedding.mean(axis=0))
        if (distance := centers_apart(person.embedding)) is not None:
            apart.append(distance)
    if not apart:
        raise InputError("two_means: it needs people who are no users, with two pictures or more; give the split some")
    names, centers = np.array(names), np.array(centers)
    most = np.mean(apart) + options.deviations * np.std(apart)

    def stays(person: Scraped) -> np.ndarray:
        parts = two_means(person.embedding)
        if parts is None or _distance(parts[1]) <= most:
            return np.ones(len(person.picture), dtype=bool)
        second, own = parts
        if options.keep in ("larger", "smaller"):
            first, last = (~second).sum(), second.sum()
        else:
            first, last = squared_distances(own, centers[names != person.identity]).min(axis=1, initial=np.inf)
        if first == last:
            return np.ones(len(second), dtype=bool)
        return second == ((last > first) == (options.keep in ("larger", "farther")))

    return stays


def two_means(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Divide faces, float64 [N,D], in two by Lloyd's rounds from the two that lie farthest apart.

    Returns whether each is of the second part, bool [N], and both centers, float64 [2,D]; None where all faces are the
    same.
    """
    squared = squared_distances(faces, faces)
    first, last = np.unravel_index(squared.argmax(), squared.shape)
    if squared[first, last] == 0:
        return None
    centers, second = faces[[first, last]], None
    for _ in range(_ROUNDS):
        near = squared_distances(centers, faces)
        before, second = second, near[1] < near[0]
        if before is not None and (before == second).all():
            break
        centers = np.array([faces[~second].mean(axis=0), faces[second].mean(axis=0)])
    return second, centers


def centers_apart(faces: np.ndarray) -> float | None:
    """Return the distance of the two centers of faces, float64 [N,D]; None where all faces are the same."""
    parts = two_means(faces)
    return None if parts is None else _distance(parts[1])


def _distance(centers: np.ndarray) -> float:
    return float(np.sqrt(np.square(centers[1] - centers[0]).sum()))
