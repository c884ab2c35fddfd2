"""Random starts of attacks: every picture has a stream of its own."""

from collections.abc import Sequence

import torch

from uncloak.seeds import generator


def uniform_noise(pictures: torch.Tensor, size: float, seeds: Sequence[int]) -> torch.Tensor:
    """Return values uniform in (-size, size), shaped like `pictures` [N,C,H,W] and drawn from one seed for each."""
    draws = [generator(seed, "noise").uniform(-size, size, tuple(pictures.shape[1:])) for seed in seeds]
    return torch.stack([torch.from_numpy(draw) for draw in draws]).to(pictures)
