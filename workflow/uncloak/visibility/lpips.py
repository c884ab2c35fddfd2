"""LPIPS between clean and perturbed pictures (Zhang et al., CVPR 2018), pair by pair."""

import os
from collections.abc import Iterable

import numpy as np
import torch

from uncloak.attacks.terms.lpips import load_lpips
from uncloak.pictures.tensors import as_floats
from uncloak.progress import track


def measure_lpips(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]], count: int, alexnet: str | os.PathLike, device: str = "cpu"
) -> list[float]:
    """Return the distance of each pair of pictures, clean and perturbed, from 0.

    Args:
        pairs: uint8 [H,W,3] RGB both; each pair may have a size of its own.
        count: how many they are.
        alexnet: torchvision's file of AlexNet's weights.
        device: where to compute.

    Raises InputError where the file is missing, another, or damaged.
    """
    measure = load_lpips(alexnet)
    with torch.inference_mode():
        return [
            float(measure(*(as_floats(picture[None].copy(), device).contiguous() for picture in pair)))
            for pair in track(pairs, count, "LPIPS")
        ]
