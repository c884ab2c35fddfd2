"""A gallery in slices, so that a million faces take the memory of a few."""

from collections.abc import Iterator

import numpy as np

_FACES = 2**16
_BYTES = 2**27


def at_once(dimensions: int) -> int:
    """Return how many embeddings, float32 of so many dimensions, are held at a time."""
    return max(1, min(_FACES, _BYTES // (4 * dimensions)))


def of_people(owners: np.ndarray, most: int) -> Iterator[slice]:
    """Divide rows into slices of whole people, of at most `most` rows; a person who has more has one alone.

    owners: int or text [N], whose each row is, ascending.
    """
    ends = np.append(np.flatnonzero(owners[1:] != owners[:-1]) + 1, len(owners))
    first = 0
    while first < len(owners):
        place = np.searchsorted(ends, first + most, side="right") - 1
        # The end of whoever comes first, at least.
        end = int(ends[max(place, np.searchsorted(ends, first, side="right"))])
        yield slice(first, end)
        first = end
