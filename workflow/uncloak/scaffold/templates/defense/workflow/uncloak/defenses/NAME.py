"""NAME: a median filter on every scraped face.

It takes fine patterns away (Xu et al., NDSS 2018, arXiv 1704.01155).

Put your defense in its place, and say here where it comes from.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uncloak.errors import InputError

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        side: of the window, in pixels of the aligned face: an odd number from 3 to 31.
    """

    side: int = 3

    def __post_init__(self):
        if self.side not in range(3, 32, 2):
            raise InputError(f"side is {self.side}; it must be an odd number from 3 to 31")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones, each by itself."""
    return ndimage.median_filter(scraped, size=(1, options.side, options.side, 1))
