"""Where the spread of errors comes from: seeds, users, or what is left (random effects, by analysis of variance)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """Variances, each at least 0.

    Attributes:
        seeds: between seeds, alike for all users.
        users: between users, alike for all seeds.
        rest: of a user with a seed beside both, probes included.
    """

    seeds: float
    users: float
    rest: float

    @property
    def share_of_seeds(self) -> float:
        """Share of the spread of single users' errors that is between seeds, in [0,1]; 0 where nothing is spread."""
        whole = self.seeds + self.users + self.rest
        return self.seeds / whole if whole else 0.0


def components(errors: np.ndarray) -> Components:
    """Return the variance components of errors [S,U], of the same U users with each of S seeds, S and U at least 2.

    The model is error = mean + seed + user + rest, all three at random; components are found from the mean squares
    (Searle, Casella, McCulloch, Variance Components, 1992, section 4.7), negative ones taken as 0.
    """
    values = np.asarray(errors, dtype=np.float64)
    seeds, users = values.shape
    mean, by_seed, by_user = values.mean(), values.mean(axis=1), values.mean(axis=0)
    left = values - by_seed[:, None] - by_user + mean
    rest = np.square(left).sum() / ((seeds - 1) * (users - 1))
    between_seeds = users * np.square(by_seed - mean).sum() / (seeds - 1)
    between_users = seeds * np.square(by_user - mean).sum() / (users - 1)
    return Components(
        seeds=float(max(0.0, (between_seeds - rest) / users)),
        users=float(max(0.0, (between_users - rest) / seeds)),
        rest=float(rest),
    )


def components_of_others(errors: Sequence[np.ndarray]) -> Components:
    """Return the variance components where each seed has users of its own: the errors [U] of each seed's, U at least 2.

    The model is error = mean + seed + user of the seed; components are found from the mean squares (the same book,
    section 3.6), a negative one taken as 0. What is left is not told from users: it is 0.
    """
    counts = np.array([len(own) for own in errors], dtype=np.float64)
    means = np.array([np.mean(own) for own in errors])
    whole = counts @ means / counts.sum()
    within = sum(np.square(own - mean).sum() for own, mean in zip(errors, means, strict=True))
    users = within / (counts.sum() - len(errors))
    between = counts @ np.square(means - whole) / (len(errors) - 1)
    size = (counts.sum() - np.square(counts).sum() / counts.sum()) / (len(errors) - 1)
    return Components(seeds=float(max(0.0, (between - users) / size)), users=float(users), rest=0.0)
