"""MobileFaceNet with PReLU for 112 x 96 faces (Chen et al. 2018, arXiv 1804.07573, table 1)."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors.networks.prelu import PReLU

# Expansion, channels, repeats, stride of the first (table 1).
_BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
EMBEDDING = 128


def convolution(
    channels_in: int,
    channels: int,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
    bias: bool = False,
    activation: nn.Module | None = None,
) -> nn.Sequential:
    """Return `conv`, `norm` (batch norm) and, where given, `activation` in a row."""
    layers = OrderedDict(
        conv=nn.Conv2d(channels_in, channels, kernel, stride, padding, groups=groups, bias=bias),
        norm=nn.BatchNorm2d(channels),
    )
    if activation is not None:
        layers["activation"] = activation
    return nn.Sequential(layers)


class Bottleneck(nn.Module):
    """Inverted residual: 1 x 1 expansion, 3 x 3 depthwise, linear 1 x 1 projection, shortcut where shapes agree."""

    def __init__(
        self, channels_in: int, channels: int, expansion: int, stride: int, activation: Callable[[int], nn.Module]
    ):
        super().__init__()
        hidden = expansion * channels_in
        self.expand = convolution(channels_in, hidden, 1, activation=activation(hidden))
        self.depthwise = convolution(hidden, hidden, 3, stride, 1, groups=hidden, activation=activation(hidden))
        self.project = convolution(hidden, channels, 1)
        self.shortcut = stride == 1 and channels_in == channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class MobileFaceNet(nn.Module):
    """What the variants share: a `stem` (to 64 channels, half the size), bottlenecks, global depthwise, projection.

    Maps float32 [N,3,height,width] (`size`, multiples of 16) to embeddings float32 [N,128].
    """

    def __init__(self, stem: nn.Module, activation: Callable[[int], nn.Module], size: tuple[int, int], bias: bool):
        super().__init__()
        self.size = size
        self.stem = stem
        channels = 64
        blocks = []
        for expansion, channels_out, repeats, first_stride in _BOTTLENECKS:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                blocks.append(Bottleneck(channels, channels_out, expansion, stride, activation))
                channels = channels_out
        self.blocks = nn.Sequential(*blocks)
        self.head = convolution(channels, 512, 1, activation=activation(512))
        self.pool = convolution(512, 512, (size[0] // 16, size[1] // 16), groups=512)
        self.embed = convolution(512, EMBEDDING, 1, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if tuple(x.shape[-2:]) != self.size:
            raise InputError(f"input: size {list(x.shape[-2:])} does not fit; this network takes {list(self.size)}")
        return self.embed(self.pool(self.head(self.blocks(self.stem(x))))).flatten(1)


def build() -> MobileFaceNet:
    """Build the network of normalized faces float32 [N,3,112,96] -> [N,128], untrained."""
    stem = nn.Sequential(
        convolution(3, 64, 3, 2, 1, activation=PReLU(64)),
        convolution(64, 64, 3, 1, 1, groups=64, activation=PReLU(64)),
    )
    return MobileFaceNet(stem, PReLU, (112, 96), bias=False)


_SECTIONS = {"conv1": "stem.0", "dw_conv1": "stem.1", "conv2": "head", "linear7": "pool", "linear1": "embed"}
_LAYERS = {"conv": "conv", "bn": "norm", "prelu": "activation"}
_BLOCK_LAYERS = [f"{part}.{layer}" for part in ("expand", "depthwise", "project") for layer in _LAYERS.values()][:8]


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename the published parameters of `Xiaoccer/MobileFaceNet_Pytorch` to ours; foreign ones keep their names."""
    renamed = {}
    for name, value in state.items():
        layer, _, parameter = name.rpartition(".")
        if block := re.fullmatch(r"blocks\.(\d+)\.conv\.([0-7])", layer):
            renamed[f"blocks.{block[1]}.{_BLOCK_LAYERS[int(block[2])]}.{parameter}"] = value
        else:
            section, _, kind = layer.partition(".")
            renamed[f"{_SECTIONS.get(section, section)}.{_LAYERS.get(kind, kind)}.{parameter}"] = value
    return renamed
