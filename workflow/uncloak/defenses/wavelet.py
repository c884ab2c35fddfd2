"""Shrink the wavelet coefficients of every scraped face that noise could explain.

BayesShrink (Chang et al. 2000) in YCbCr, as scikit-image has it; against adversarial examples by Prakash et al.
(2018, arXiv 1801.08926), whose moving of pixels is left out.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from skimage.restoration import denoise_wavelet

from uncloak.defenses.each import each_face_in_floats
from uncloak.errors import InputError

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        sigma: standard deviation of the noise in grey levels, above 0 and at most 255. A cloak is larger than the noise
            that could be estimated from a picture.
        wavelet: as PyWavelets calls it.
    """

    sigma: float = 16.0
    wavelet: Literal["db1", "db2", "db4", "sym4", "bior1.3"] = "db1"

    def __post_init__(self):
        if not 0 < self.sigma <= 255:
            raise InputError(f"sigma is {self.sigma}; it must be above 0 and at most 255 grey levels")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones."""
    how = {"method": "BayesShrink", "convert2ycbcr": True, "rescale_sigma": True, "channel_axis": -1}
    return each_face_in_floats(
        scraped, lambda face: denoise_wavelet(face, sigma=options.sigma / 255, wavelet=options.wavelet, **how)
    )
