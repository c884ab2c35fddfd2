"""The order in which pictures are learned."""

from collections.abc import Iterator, Sequence

import numpy as np


class Batches(Iterator[np.ndarray]):
    """Sorted rows int64 [B] without end: of each group (its rows, how many of a batch), one random order after another.

    `random` draws the orders. `orders` is what is left of each group's, which together with the generator's state is
    all that the batches to come depend on.
    """

    def __init__(self, groups: Sequence[tuple[np.ndarray, int]], random: np.random.Generator):
        self._groups, self.random = groups, random
        self.orders = [rows[:0] for rows, _ in groups]

    def __next__(self) -> np.ndarray:
        taken = []
        for number, (rows, count) in enumerate(self._groups):
            while len(self.orders[number]) < count:
                self.orders[number] = np.concatenate([self.orders[number], self.random.permutation(rows)])
            taken.append(self.orders[number][:count])
            self.orders[number] = self.orders[number][count:]
        return np.sort(np.concatenate(taken))
