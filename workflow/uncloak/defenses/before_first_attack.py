"""Keep only the pictures from before the first attack, which nobody could cloak (ICLR 2022, section 4).

"Many users already have unperturbed pictures online, which can be matched against new pictures for many years": those
pictures are a user's unprotected ones. Everybody else's are taken for old enough. Who has none from before is not in
the gallery, and recognized by nobody, or there with all pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from uncloak.recognition.dropping import Stays
from uncloak.recognition.seen import Scraped

HOOKS = ("gallery",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        or_all: all pictures stay of who has none from before.
    """

    or_all: bool = False


def gallery(strangers: Iterator[Scraped], options: Options) -> Stays:
    """Return what says of a person which faces stay; nobody else's are looked at."""

    def stays(person: Scraped) -> np.ndarray:
        return person.before | (options.or_all and not person.before.any())

    return stays
