"""Ask a robust extractor where the accurate one is not confident (ICLR 2022, section 3.5).

That is where the accurate one's nearest gallery face is too far away.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from uncloak.errors import InputError
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import rival_is_nearer

HOOKS = ("answer",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        second: the robust extractor.
        share: less than this share, above 0 and at most 1, of other people's clean probes goes to it.
    """

    second: str
    share: float = 0.02

    def __post_init__(self):
        if not 0 < self.share <= 1:
            raise InputError(f"share is {self.share}; it must be above 0 and at most 1")


def answer(
    accurate: Comparisons, own: np.ndarray, robust: Comparisons, robust_own: np.ndarray, options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Return of each probe whether it is not recognized, and whether the second extractor was asked; bool [P] each.

    Takes the arguments of `uncloak.defenses.top_2.answer`.

    Raises InputError as `confidence_threshold` does.
    """
    unsure = np.minimum(own, accurate.rival_squared[:, 0]) > confidence_threshold(accurate, options.share)
    return np.where(unsure, rival_is_nearer(robust, robust_own), rival_is_nearer(accurate, own)), unsure


def confidence_threshold(accurate: Comparisons, share: float) -> float:
    """Return the smallest squared distance that less than `share` of the clean probes of others than users exceed.

    A probe's distance is that to its nearest gallery face, of whatever identity.

    Raises InputError where `share` is not above 0 and at most 1, or there are no such probes.
    """
    if not 0 < share <= 1:
        raise InputError(f"confidence threshold: the share of probes is {share}; it must be above 0 and at most 1")
    nearest = np.minimum(accurate.other_own_squared, accurate.other_rival_squared)
    if not len(nearest):
        raise InputError("confidence threshold: it needs probes of identities that are no users; give the split some")
    # The decimal as written: 0.07 of 100 probes is 7, not a little more.
    allowed = math.ceil(Fraction(str(share)) * len(nearest)) - 1
    return float(np.sort(nearest)[::-1][allowed])
