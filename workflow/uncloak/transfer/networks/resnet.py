"""Small residual networks, as ResNet and as what later papers made of its blocks.

ResNet (arXiv 1512.03385); Wide ResNet (1605.07146): more channels; ResNeXt (1611.05431): grouped convolutions;
SE (1709.01507): channels weighted by two dense layers on their means; ECA (1910.03151): by one short convolution.
"""

from typing import Literal

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.transfer.networks.layers import convolution, head


class SqueezeExcitation(nn.Module):
    """Weigh channels by two dense layers on their means."""

    def __init__(self, channels: int):
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(channels, channels // 4), nn.ReLU(inplace=True), nn.Linear(channels // 4, channels), nn.Sigmoid()
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features * self.weigh(features.mean(dim=(2, 3)))[:, :, None, None]


class EfficientChannelAttention(nn.Module):
    """Weigh channels by a convolution over the means of three neighboring channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.convolution = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        weights = self.convolution(features.mean(dim=(2, 3))[:, None])[:, 0]
        return features * torch.sigmoid(weights)[:, :, None, None]


_ATTENTIONS = {"none": nn.Identity, "se": SqueezeExcitation, "eca": EfficientChannelAttention}


class Bottleneck(nn.Module):
    """Three convolutions and attention, added to the input (or to its projection)."""

    def __init__(self, inputs: int, outputs: int, inner: int, stride: int, groups: int, attention: str):
        super().__init__()
        self.body = nn.Sequential(
            convolution(inputs, inner, 1),
            convolution(inner, inner, 3, stride, groups),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
            _ATTENTIONS[attention](outputs),
        )
        self.skip = nn.Identity() if inputs == outputs and stride == 1 else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.skip(features) + self.body(features))


def build(
    classes: int,
    size: int,
    width: int = 16,
    inner: float = 0.5,
    groups: int = 1,
    attention: Literal["none", "se", "eca"] = "none",
) -> nn.Module:
    """Build the network of normalized pictures [N,3,size,size] -> logits [N,classes].

    Args:
        width: channels of the stem; the three stages have 2, 4 and 8 times as many.
        inner: channels of a block's 3 x 3 convolution, as a share of its outputs.
        groups: of the 3 x 3 convolutions.
        attention: none, se or eca.

    Raises InputError for an unknown attention.
    """
    if attention not in _ATTENTIONS:
        raise InputError(f"network resnet: attention is '{attention}'; choose one of {', '.join(_ATTENTIONS)}")
    blocks, inputs = [], width
    for outputs, stride in ((2 * width, 1), (2 * width, 1), (4 * width, 2), (4 * width, 1), (8 * width, 2)):
        blocks.append(Bottleneck(inputs, outputs, round(inner * outputs), stride, groups, attention))
        inputs = outputs
    return nn.Sequential(convolution(3, width, stride=2), *blocks, head(inputs, classes))
