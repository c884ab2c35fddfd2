"""A small DenseNet: every layer sees the outputs of all before it (Huang et al., arXiv 1608.06993)."""

import torch
from torch import nn

from uncloak.transfer.networks.layers import convolution, head


class Dense(nn.Module):
    """Two convolutions, their `growth` channels appended to the input."""

    def __init__(self, inputs: int, growth: int):
        super().__init__()
        self.body = nn.Sequential(convolution(inputs, 2 * growth, 1), convolution(2 * growth, growth))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.cat([features, self.body(features)], dim=1)


def build(classes: int, size: int, width: int = 16, growth: int = 12, layers: int = 4) -> nn.Module:
    """Build the network of normalized pictures [N,3,size,size] -> logits [N,classes].

    Args:
        width: channels of the stem.
        growth: channels that a layer appends.
        layers: in each of three stages, between which channels and sides are halved.
    """
    modules, channels = [convolution(3, width, stride=2)], width
    for stage in range(3):
        if stage:
            modules += [convolution(channels, channels // 2, 1), nn.AvgPool2d(2)]
            channels //= 2
        for _ in range(layers):
            modules.append(Dense(channels, growth))
            channels += growth
    return nn.Sequential(*modules, head(channels, classes))
