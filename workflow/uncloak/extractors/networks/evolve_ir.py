"""The IR networks of face.evoLVe for 112-pixel faces, LowKey's published backbone IR_152 among them (attacks.md 4.7).

Their residual unit is of its own kind: unlike ArcFace's (`iresnet`), it has no batch norm between the first convolution
and the PReLU, and its shortcut is projected only where the width changes.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors.networks.prelu import PReLU

# Depth -> residual units of the four stages. In millions of parameters and billions of multiply-adds for one face, the
# three have 43.6 and 6.3, 65.1 and 12.1, 70.7 and 12.3.
_UNITS = {50: (3, 4, 14, 3), 101: (3, 13, 30, 3), 152: (3, 8, 36, 3)}
_WIDTHS = (64, 128, 256, 512)
_SIDE = 112
_EMBEDDING = 512


class Unit(nn.Module):
    """Norm, 3 x 3 convolution, PReLU, 3 x 3 convolution with the stride, norm; added to the shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.residual = nn.Sequential(
            nn.BatchNorm2d(channels_in),
            nn.Conv2d(channels_in, channels, 3, 1, 1, bias=False),
            PReLU(channels),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        if channels_in == channels:
            self.shortcut = nn.MaxPool2d(1, stride)
        else:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(x) + self.shortcut(x)


class EvolveIR(nn.Module):
    """Maps normalized faces float32 [N,3,112,112] to embeddings float32 [N,512]; `units` in each of four stages.

    Raises InputError for another size.
    """

    def __init__(self, units: Sequence[int]):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), PReLU(64))
        layers, before = [], 64
        for width, count in zip(_WIDTHS, units, strict=True):
            for number in range(count):
                layers.append(Unit(before, width, stride=2 if number == 0 else 1))
                before = width
        self.units = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.BatchNorm2d(512),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(512 * 7 * 7, _EMBEDDING),
            nn.BatchNorm1d(_EMBEDDING),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if tuple(x.shape[-2:]) != (_SIDE, _SIDE):
            raise InputError(f"input: size {list(x.shape[-2:])} does not fit; this network takes {[_SIDE, _SIDE]}")
        return self.head(self.units(self.stem(x)))


def build(depth: Literal[50, 101, 152] = 152) -> EvolveIR:
    """Build the network of normalized faces float32 [N,3,112,112] -> [N,512], untrained.

    Args:
        depth: number of layers that it is called by.

    Raises InputError for another depth.
    """
    if depth not in _UNITS:
        raise InputError(f"network evolve_ir: depth is {depth!r}; choose from {', '.join(map(str, _UNITS))}")
    return EvolveIR(_UNITS[depth])


_PARTS = {
    "input_layer": "stem",
    "body": "units",
    "res_layer": "residual",
    "shortcut_layer": "shortcut",
    "output_layer": "head",
}


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename a published state dictionary (`Backbone_IR_*.pth`) to our parameters."""
    return {".".join(_PARTS.get(part, part) for part in name.split(".")): value for name, value in state.items()}
