"""Drop the faces that detectors take for perturbed (ICLR 2022, section 3.3 and Tables 2 and 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.dropping import Keeps
from uncloak.recognition.flags import Flags

HOOKS = ("gallery",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        detectors: records of detectors; a face is dropped if one of them flags it.
        threshold: score in (0,1) from which a face is flagged.
    """

    detectors: tuple[str, ...]
    threshold: float = 0.5

    def __post_init__(self):
        if not 0 < self.threshold < 1:
            raise InputError(f"threshold is {self.threshold}; it must be above 0 and below 1")


def gallery(scores: Sequence[pd.DataFrame], options: Options) -> Keeps:
    """Return which faces stay in the gallery.

    scores: of all clean gallery faces and of the users' perturbed ones, one table per detector (`Flags`).

    Raises InputError as `Flags` does.
    """
    flags = Flags(scores, options.threshold)
    return lambda pictures, postings: ~flags.of(pictures, postings)
