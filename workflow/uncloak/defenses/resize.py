"""Make every scraped face smaller and enlarge it again, which takes fine patterns away."""

from dataclasses import dataclass

import numpy as np

from uncloak.defenses.each import each_face
from uncloak.errors import InputError
from uncloak.pictures.channel import Resize

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        factor: side of the small face over the face's, above 0 and below 1.
    """

    factor: float = 0.5

    def __post_init__(self):
        if not 0 < self.factor < 1:
            raise InputError(f"factor is {self.factor}; it must be above 0 and below 1")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones."""
    return each_face(scraped, Resize(options.factor))
