"""Thresholds at a rate of wrong answers, by distances from people to galleries of others.

Whoever asks for a person compares a probe with all of that person's pictures and takes the nearest. The more pictures,
the nearer the nearest: a threshold holds its rate only for galleries of the size that it was chosen by. So impostors
are compared with galleries of as many pictures as the user has, drawn from those of people with at least as many. All
draws count, each by its chance: no random choice is made.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

# Galleries of fewer people say little of galleries in general.
_PEOPLE = 10
# Of sums of chances.
_ROUNDING = 1e-9


def lowest_share(values: np.ndarray, share: float) -> float:
    """Return the greatest of the values [N] that at most `share` of them lie below, NaN for none."""
    # The decimal as written: 0.01 of 300 is 3, not a little less.
    below = math.floor(Fraction(str(share)) * len(values))
    return float(np.partition(values, below)[below]) if len(values) else math.nan


def size_to_draw(counts: np.ndarray, size: int) -> int:
    """Return how many pictures galleries are to hold: `size`, or as many as ten people have, or everybody, if fewer.

    Args:
        counts: int [I], of each person the number of pictures, at least 1; I may be 0.
        size: of the user's gallery, at least 1.
    """
    people = np.sort(counts)[::-1][:_PEOPLE]
    return min(size, int(people.min(initial=size)))


def chances(count: int, size: int) -> np.ndarray:
    """Return the chance that the nearest of `size` pictures drawn of `count` is the first, second, ... nearest of all.

    Float64 [count - size + 1]: of the other pictures of the draw, all must be farther than it.
    """
    place = np.arange(count - size)
    return size / count * np.cumprod(np.append(1.0, (count - size - place) / (count - 1 - place)))


class Impostors:
    """Distances that given shares of comparisons lie below, of probes with galleries of `size` pictures of others.

    Probes are added in blocks, and of their distances only those are kept that can matter.
    """

    def __init__(self, owners: np.ndarray, askers: np.ndarray, size: int, rates: np.ndarray, without: int = -1):
        """Make ready for the galleries of people.

        Args:
            owners: int [G], whose each gallery face is, 0..I-1, ascending.
            askers: int [Q], of all probes that will be added, who shows in them, -1 for somebody without gallery.
            size: the number of pictures of a gallery; people with fewer are left out.
            rates: float64 [F], the shares, each in (0,1).
            without: a person who is left out, too.
        """
        counts = np.bincount(owners)
        enough = (counts >= size) & (np.arange(len(counts)) != without)
        self._owners, self._drawn, self._without = owners, enough[owners], without
        # By the number of pictures, which many people share.
        numbers, self._number = np.unique(counts, return_inverse=True)
        self._chances = np.zeros((len(numbers), counts.max(initial=0)))
        for row in np.flatnonzero(numbers >= size):
            own = chances(numbers[row], size)
            self._chances[row, : len(own)] = own
        # Of a probe and another person.
        self.pairs = len(askers) * int(enough.sum()) - int(enough[askers[askers >= 0]].sum())
        self._allowed = np.array([float(Fraction(str(rate)) * self.pairs) for rate in rates])
        self._squared, self._weights, self._bound = np.empty(0), np.empty(0), np.inf

    def add(self, squared: np.ndarray, askers: np.ndarray, faces: slice = slice(None)) -> None:
        """Add squared distances [B,g] of probes of `askers` [B] to gallery faces: all, or a slice of whole people."""
        add_to_all([self], squared, askers, faces)

    def _add(self, person: np.ndarray, place: np.ndarray, squared: np.ndarray) -> None:
        """Add distances [N] to others' pictures, and which of the person's it is, from the nearest on."""
        weights = self._chances[self._number[person], place]
        kept = (squared <= self._bound) & (weights > 0) & (person != self._without)
        self._keep(np.append(self._squared, squared[kept]), np.append(self._weights, weights[kept]))

    def _keep(self, squared: np.ndarray, weights: np.ndarray) -> None:
        """Keep the distances that no more than the greatest share lie below."""
        order = np.argsort(squared, kind="stable")
        squared, weights = squared[order], weights[order]
        below = np.cumsum(weights) - weights
        kept = np.searchsorted(below, self._allowed.max(initial=0) + _ROUNDING, side="right")
        self._squared, self._weights = squared[:kept], weights[:kept]
        if kept < len(squared):
            self._bound = squared[kept - 1]

    def thresholds(self) -> np.ndarray:
        """Return float64 [F]: at most the share of the comparisons lie below each; NaN where there are none."""
        if not self.pairs:
            return np.full(len(self._allowed), np.nan)
        below = np.cumsum(self._weights) - self._weights
        return self._squared[np.searchsorted(below, self._allowed + _ROUNDING, side="right") - 1]


def add_to_all(
    impostors: Sequence[Impostors], squared: np.ndarray, askers: np.ndarray, faces: slice = slice(None)
) -> None:
    """Do `Impostors.add` for several of the same faces: their pictures are ranked once."""
    columns = np.flatnonzero(np.logical_or.reduce([each._drawn[faces] for each in impostors]))
    if not len(columns):
        return
    if len(columns) < squared.shape[1]:
        squared = squared[:, columns]
    owners, bound = impostors[0]._owners[faces][columns], max(each._bound for each in impostors)
    probe, face = np.nonzero((squared <= bound) & (owners != askers[:, None]))
    person, distance = owners[face], squared[probe, face].astype(np.float64)
    order = np.lexsort((distance, person, probe))
    pair = (probe * (owners[-1] + 1) + person)[order]
    # None nearer than these is left out.
    place = np.arange(len(pair)) - np.searchsorted(pair, pair)
    for each in impostors:
        each._add(person[order], place, distance[order])
