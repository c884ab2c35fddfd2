"""Encode every scraped face as JPEG and decode it, which takes fine patterns away (LowKey, section 8.6)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from uncloak.defenses.each import each_face
from uncloak.errors import InputError
from uncloak.pictures.channel import Jpeg

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        quality: 1 to 100, as libjpeg scales its tables.
        subsampling: of the colors.
    """

    quality: int = 75
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = "4:2:0"

    def __post_init__(self):
        if not 1 <= self.quality <= 100:
            raise InputError(f"quality is {self.quality}; it must be from 1 to 100")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones."""
    return each_face(scraped, Jpeg(options.quality, options.subsampling))
