"""Blur every scraped face, which takes fine patterns away (LowKey, section 8.6)."""

from dataclasses import dataclass

import numpy as np

from uncloak.defenses.each import each_face
from uncloak.errors import InputError
from uncloak.pictures.channel import Blur

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        sigma: standard deviation of the Gaussian, in pixels of the aligned face, above 0 and at most 1000.
    """

    sigma: float = 1.0

    def __post_init__(self):
        if not 0 < self.sigma <= 1000:
            raise InputError(f"sigma is {self.sigma}; it must be above 0 and at most 1000 pixels")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones."""
    return each_face(scraped, Blur(options.sigma))
