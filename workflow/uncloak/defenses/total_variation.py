"""Smooth every scraped face by least total variation, which keeps edges and takes texture away.

Chambolle's algorithm (2004), as scikit-image has it; against adversarial examples by Guo et al. (2018, arXiv
1711.00117), whose random dropping of pixels is left out.
"""

from dataclasses import dataclass

import numpy as np
from skimage.restoration import denoise_tv_chambolle

from uncloak.defenses.each import each_face_in_floats
from uncloak.errors import InputError

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        weight: of total variation against likeness, for values in [0,1]; above 0 and at most 10.
        iterations: at most so many, at least 1; fewer where a step changes nearly nothing.
    """

    weight: float = 0.1
    iterations: int = 200

    def __post_init__(self):
        if not 0 < self.weight <= 10:
            raise InputError(f"weight is {self.weight}; it must be above 0 and at most 10")
        if self.iterations < 1:
            raise InputError(f"iterations is {self.iterations}; it must be at least 1")


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones."""
    how = {"weight": options.weight, "max_num_iter": options.iterations, "channel_axis": -1}
    return each_face_in_floats(scraped, lambda face: denoise_tv_chambolle(face, **how))
