"""Ask two extractors, and be right where either is (ICLR 2022, section 3.5): the trainer shows both answers."""

from dataclasses import dataclass

import numpy as np

from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import rival_is_nearer

HOOKS = ("answer",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        second: the extractor that is asked, too: a robust one beside the accurate one.
    """

    second: str


def answer(
    accurate: Comparisons, own: np.ndarray, robust: Comparisons, robust_own: np.ndarray, options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Return of each probe whether neither extractor recognizes it, and that both were asked; bool [P] each.

    Args:
        accurate: distances of the extractor asked first.
        own: float64 [P], by that extractor, squared distances to the users' own nearest faces as posted.
        robust: distances of the second.
        robust_own: the same by the second.
        options: unused.
    """
    lost = rival_is_nearer(accurate, own) & rival_is_nearer(robust, robust_own)
    return lost, np.ones(len(lost), dtype=bool)
