"""ST-LPIPS (Ghildyal and Liu, ECCV 2022): LPIPS with a tuned AlexNet that small shifts leave alone.

Its package, stlpips_pytorch, ships the weights of the whole network; the package itself is not imported.
"""

import functools
import os
import re

import torch
from torch import nn
from torch.nn.functional import conv2d, pad

from uncloak.attacks.terms.lpips import Lpips, read_weights
from uncloak.published_files import OURS

# Each blur pool reflects two pixels of what it gets, and the second of them comes after a pooling: a smaller picture
# leaves it too little to reflect.
_SMALLEST = 21
_CHANNELS = (64, 192, 384, 256, 256)


@functools.cache
def load_stlpips(path: str | os.PathLike) -> Lpips:
    """Load ST-LPIPS with AlexNet from the package's file alex_shift_tolerant.pth at `path`; once per process.

    Raises:
        InputError: where the file is missing, unreadable, damaged or another.
    """
    file = OURS["stlpips"]
    weights = read_weights(path, file.digits, file.advice)
    network = _Network()
    network.load_state_dict({_renamed(name): values for name, values in weights.items()})
    return Lpips(network.eval().requires_grad_(False), _SMALLEST)


def _renamed(name: str) -> str:
    """Our name of a parameter: the package cuts the network into slices, and has dropout before its linear layers."""
    return re.sub(r"^lin(\d)\.model\.1", r"lins.\1", re.sub(r"^net\.slice\d", "net", name))


class _Network(nn.Module):
    """What `Lpips` asks for: pictures in [-1,1] scaled, features after each ReLU, and their linear layers."""

    def __init__(self):
        super().__init__()
        self.scaling_layer = _Scaling()
        self.net = _Features()
        self.lins = nn.ModuleList(nn.Conv2d(channels, 1, 1, bias=False) for channels in _CHANNELS)


class _Scaling(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("shift", torch.empty(1, 3, 1, 1))
        self.register_buffer("scale", torch.empty(1, 3, 1, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return (pictures - self.shift) / self.scale


class _Features(nn.Sequential):
    """AlexNet with blur pools for strides; the first comes before its ReLU, and the last pooling is not needed."""

    def __init__(self):
        first, second, third, fourth, fifth = _CHANNELS
        super().__init__(
            *(nn.Conv2d(3, first, 11, padding=2), _BlurPool(first), nn.ReLU()),
            *(nn.MaxPool2d(3, 1), _BlurPool(first), nn.Conv2d(first, second, 5, padding=2), nn.ReLU()),
            *(nn.MaxPool2d(3, 1), _BlurPool(second), nn.Conv2d(second, third, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(third, fourth, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(fourth, fifth, 3, padding=1), nn.ReLU()),
        )

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Return the feature maps after each ReLU."""
        features = []
        for layer in self:
            pictures = layer(pictures)
            if isinstance(layer, nn.ReLU):
                features.append(pictures)
        return features


class _BlurPool(nn.Module):
    """Every other place, down and across, of each map blurred with `filt`; two pixels are reflected at the edges."""

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("filt", torch.empty(channels, 1, 3, 3))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return conv2d(pad(maps, (2, 2, 2, 2), mode="reflect"), self.filt, stride=2, groups=maps.shape[1])
