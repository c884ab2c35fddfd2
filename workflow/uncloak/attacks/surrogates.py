"""Surrogates made ready for attacks."""

import os
from collections.abc import Callable, Sequence

import torch
from torch import nn

from uncloak.devices import autocast
from uncloak.extractors.folding import folded
from uncloak.extractors.weights import load


class Surrogate:
    """A surrogate as attacks call it, its inputs in the memory format and precision that convolutions run fast in.

    Attributes:
        architecture: equal where parameters have the same names and shapes; what has no parameters is one of its own.
    """

    def __init__(self, surrogate: Callable[[torch.Tensor], torch.Tensor], precision: str, compile: bool):
        if isinstance(surrogate, nn.Module) and not surrogate.training:
            surrogate = folded(surrogate)
        parameters = surrogate.named_parameters() if isinstance(surrogate, nn.Module) else ()
        self.architecture = tuple((name, tuple(values.shape)) for name, values in parameters) or id(surrogate)
        self._precision = precision
        # An attack calls with few shapes, again and again, so each is worth code of its own.
        self._embed = torch.compile(surrogate, dynamic=False, isolate_recompiles=True) if compile else surrogate

    def __call__(self, faces: torch.Tensor) -> torch.Tensor:
        """Embed faces [N,3,S,S] in [0,1] as [N,D], of the dtype of the faces."""
        channels_last = faces.contiguous(memory_format=torch.channels_last)
        with autocast(faces.device, self._precision):
            return self._embed(channels_last).to(faces.dtype)


def load_surrogates(paths: Sequence[str | os.PathLike], device: str, margin: int = 0) -> list[nn.Module]:
    """Load the extractors of these files to `device`, folded, one that is listed twice once.

    margin: what the faces that they will see show beyond the standard crop, in its pixels (`uncloak.crops`).
    Each is folded before the next is loaded, so that the weights of one alone are in memory twice.
    Raises InputError as `weights.load` does.
    """
    ready = {path: folded(load(path, device).for_crops(margin)) for path in dict.fromkeys(paths)}
    return [ready[path] for path in paths]
