"""Drown cloaks in noise, then smooth it away: Gaussian noise on every scraped face, made smaller and enlarged again.

The noisy upscaling of Hönig et al. (2024, arXiv 2406.12027) with Pillow's filters in the place of their diffusion
upscaler. It takes away fine patterns as `resize` does, and what of them is left is no longer the optimized one.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from uncloak.defenses.each import each_face
from uncloak.errors import InputError
from uncloak.pictures.channel import Resize
from uncloak.seeds import generator

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        seed: of the experiment.
        sigma: standard deviation of the noise in grey levels, above 0 and at most 255.
        factor: side of the small face over the face's, above 0 and below 1.
    """

    seed: int
    sigma: float = 16.0
    factor: float = 0.5

    def __post_init__(self):
        if not 0 < self.sigma <= 255:
            raise InputError(f"sigma is {self.sigma}; it must be above 0 and at most 255 grey levels")
        if not 0 < self.factor < 1:
            raise InputError(f"factor is {self.factor}; it must be above 0 and below 1")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones.

    A face's noise depends on the seed and on its own pixels, so it is the same wherever in a file the face stands.
    """
    noisy = np.array([_noisy(face, options) for face in scraped], dtype=np.uint8).reshape(scraped.shape)
    return each_face(noisy, Resize(options.factor))


def _noisy(face: np.ndarray, options: Options) -> np.ndarray:
    content = hashlib.sha256(np.ascontiguousarray(face)).hexdigest()
    noise = generator(options.seed, "noise_upscale", content).normal(0.0, options.sigma, face.shape)
    return np.clip(np.rint(face + noise), 0, 255).astype(np.uint8)
