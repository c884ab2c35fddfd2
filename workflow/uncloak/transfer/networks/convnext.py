"""A small ConvNeXt: wide depthwise kernels, layer norm, GELU (Liu et al., arXiv 2201.03545)."""

import torch
from torch import nn

from uncloak.transfer.networks.layers import head


class ChannelNorm(nn.Module):
    """Layer norm over the channels of every place."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.norm(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise convolution, then two dense layers at every place, added to the input."""

    def __init__(self, channels: int, kernel: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels),
            ChannelNorm(channels),
            nn.Conv2d(channels, 3 * channels, 1),
            nn.GELU(),
            nn.Conv2d(3 * channels, channels, 1),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.body(features)


def build(classes: int, size: int, width: int = 24, kernel: int = 5) -> nn.Module:
    """Build the network of normalized pictures [N,3,size,size] -> logits [N,classes].

    Args:
        width: channels after the stem, which cuts the picture into patches of 2 x 2; twice as many in the second stage.
        kernel: side of the depthwise convolutions.
    """
    return nn.Sequential(
        nn.Conv2d(3, width, 2, 2),
        ChannelNorm(width),
        Block(width, kernel),
        Block(width, kernel),
        ChannelNorm(width),
        nn.Conv2d(width, 2 * width, 2, 2),
        Block(2 * width, kernel),
        Block(2 * width, kernel),
        ChannelNorm(2 * width),
        nn.Conv2d(2 * width, 4 * width, 2, 2),
        Block(4 * width, 3),
        head(4 * width, classes),
    )
