"""MobileFaceNet with ReLU6 and a separable stem for 112 x 112 faces, after the release of `foamliu/MobileFaceNet`."""

import re
from collections.abc import Mapping

import torch
from torch import nn

from uncloak.extractors.networks.mobilefacenet import MobileFaceNet, convolution


def _relu6(channels: int) -> nn.Module:
    return nn.ReLU6()


def build() -> MobileFaceNet:
    """Build the network of normalized faces float32 [N,3,112,112] -> [N,128], untrained."""
    stem = nn.Sequential(
        convolution(3, 64, 3, 2, 1, activation=nn.ReLU6()),
        convolution(64, 64, 3, 1, 1, groups=64, activation=nn.ReLU()),
        convolution(64, 64, 1, activation=nn.ReLU()),
    )
    return MobileFaceNet(stem, _relu6, (112, 112), bias=True)


_LAYERS = {
    "conv1.0": "stem.0.conv",
    "conv1.1": "stem.0.norm",
    "dw_conv.depthwise": "stem.1.conv",
    "dw_conv.bn1": "stem.1.norm",
    "dw_conv.pointwise": "stem.2.conv",
    "dw_conv.bn2": "stem.2.norm",
    "conv2.0": "head.conv",
    "conv2.1": "head.norm",
    "gdconv.depthwise": "pool.conv",
    "gdconv.bn": "pool.norm",
    "conv3": "embed.conv",
    "bn": "embed.norm",
}
_BLOCK_LAYERS = {
    "0.0": "expand.conv",
    "0.1": "expand.norm",
    "1.0": "depthwise.conv",
    "1.1": "depthwise.norm",
    "2": "project.conv",
    "3": "project.norm",
}


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename the published state dictionary to our parameters; foreign ones keep their names."""
    renamed = {}
    for name, value in state.items():
        layer, _, parameter = name.rpartition(".")
        block = re.fullmatch(r"features\.(\d+)\.conv\.([\d.]+)", layer)
        if block and block[2] in _BLOCK_LAYERS:
            renamed[f"blocks.{block[1]}.{_BLOCK_LAYERS[block[2]]}.{parameter}"] = value
        else:
            renamed[f"{_LAYERS.get(layer, layer)}.{parameter}"] = value
    return renamed
