"""Small image classifiers of the transfer tests, and pictures without content for them."""

import numpy as np
import torch

INPUT = {"size": 32, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}


def record(network, **given):
    return {"network": network, "input": INPUT, "classes": 24} | given


def linear(seed, classes=5, size=8):
    """A smooth classifier of pictures [N,3,size,size] in float64."""
    random = np.random.default_rng(seed)
    first, second = (torch.from_numpy(random.normal(size=s)) for s in ((3 * size**2, 12), (12, classes)))
    return lambda pictures: torch.tanh(pictures.flatten(1).to(first) @ first / 4) @ second


def noise(count, size=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
