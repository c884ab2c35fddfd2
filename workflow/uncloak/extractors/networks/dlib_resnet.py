"""dlib's face recognition network: a ResNet of 29 convolutions (King 2017, `dlib_face_recognition_resnet_model_v1`).

A half-width ResNet-34 (He et al. 2016) with fewer layers. Where a unit halves the picture, its first convolution has no
padding and its shortcut is an average pool; the two differ in size, and the smaller is filled with zeros at the end of
rows, columns and channels. The published per-channel scales after each convolution are folded into the convolution.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import nn

# Channels and stride of the 14 residual units.
_UNITS = (
    [(32, 1)] * 3 + [(64, 2)] + [(64, 1)] * 3 + [(128, 2)] + [(128, 1)] * 2 + [(256, 2)] + [(256, 1)] * 2 + [(256, 2)]
)
_PARTS = ("weight", "bias", "gamma", "beta")


def _fill(x: torch.Tensor, shape: list[int]) -> torch.Tensor:
    """Fill `x` [N,C,H,W] with zeros at the ends up to `shape` [C,H,W]."""
    channels, height, width = (wanted - had for wanted, had in zip(shape, x.shape[1:], strict=True))
    return F.pad(x, (0, width, 0, height, 0, channels)) if channels or height or width else x


class Unit(nn.Module):
    """Residual unit of two 3 x 3 convolutions."""

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.stride = stride
        self.first = nn.Conv2d(channels_in, channels, 3, stride, padding=1 if stride == 1 else 0)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(F.relu(self.first(x)))
        if self.stride == 2:
            x = F.avg_pool2d(x, 2)
        shape = [max(sizes) for sizes in zip(x.shape[1:], y.shape[1:], strict=True)]
        return F.relu(_fill(x, shape) + _fill(y, shape))


class DlibResNet(nn.Module):
    """Maps normalized chips float32 [N,3,150,150] to embeddings float32 [N,128], meant for Euclidean distance."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, 2)
        channels_in = [32] + [channels for channels, _ in _UNITS]
        self.units = nn.Sequential(
            *(Unit(before, channels, stride) for before, (channels, stride) in zip(channels_in, _UNITS, strict=False))
        )
        self.embed = nn.Linear(channels_in[-1], 128, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2)
        return self.embed(self.units(x).mean((2, 3)))


def build() -> DlibResNet:
    """Build the network of normalized chips float32 [N,3,150,150] -> [N,128], untrained."""
    return DlibResNet()


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Turn the published arrays (`conv00` to `conv28` with `gamma` and `beta`, `fc.weight`) into our parameters.

    Raises KeyError for foreign arrays.
    """
    layers = ["stem"] + [f"units.{unit}.{layer}" for unit in range(len(_UNITS)) for layer in ("first", "second")]
    rest = dict(state)
    translated = {"embed.weight": rest.pop("fc.weight")}
    for number, layer in enumerate(layers):
        weight, bias, gamma, beta = (rest.pop(f"conv{number:02d}.{part}") for part in _PARTS)
        translated[f"{layer}.weight"] = weight * gamma[:, None, None, None]
        translated[f"{layer}.bias"] = bias * gamma + beta
        rest.pop(f"conv{number:02d}.stride_pad", None)  # known here
    return {**translated, **rest}
