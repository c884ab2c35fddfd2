"""Drop the faces that detectors take for perturbed (ICLR 2022, section 3.3 and Tables 2 and 3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from uncloak.errors import InputError
from uncloak.recognition.dropping import Stays
from uncloak.recognition.seen import Scraped

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


def gallery(strangers: Iterator[Scraped], options: Options) -> Stays:
    """Return what says of a person which faces stay; nobody else's are looked at."""
    return lambda person: (person.scores < options.threshold).all(axis=0)
