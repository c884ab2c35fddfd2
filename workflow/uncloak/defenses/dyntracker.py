"""Let the gallery grow with the later pictures that it recognizes (DynTracker: Fan et al., arXiv 2501.06533).

The paper asks all pictures again in each iteration; here each is asked once, when it comes, and one that is mistaken
joins the wrong person.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from uncloak.errors import InputError
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.growing import Growth

HOOKS = ("growth",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        false_matches: a picture joins where it is so near that at most this share, in [0,1), of the clean probes of
            others than users lies nearer to a stranger's face; without, every picture joins.
        orders: random orders in which the pictures come, which are averaged.
    """

    false_matches: float | None = None
    orders: int = 5

    def __post_init__(self):
        if self.false_matches is not None and not 0 <= self.false_matches < 1:
            raise InputError(f"false_matches is {self.false_matches}; it must be at least 0 and below 1")
        if self.orders < 1:
            raise InputError(f"orders is {self.orders}; it must be at least 1")


def growth(comparisons: Comparisons, options: Options) -> Growth:
    """Return how the gallery grows.

    Raises InputError where `false_matches` is asked for, and there are no probes of others than users.
    """
    if options.false_matches is None:
        return Growth(np.inf, options.orders)
    nearest = comparisons.other_rival_squared
    if not len(nearest):
        raise InputError("dyntracker: false_matches need probes of identities that are no users; give the split some")
    # The decimal as written: 0.07 of 100 probes is 7, not a little less.
    below = math.floor(Fraction(str(options.false_matches)) * len(nearest))
    return Growth(float(np.partition(nearest, below)[below]), options.orders)
