"""A small GoogLeNet: blocks of 1 x 1, 3 x 3 and 5 x 5 convolutions and pooling side by side (arXiv 1409.4842)."""

import torch
from torch import nn

from uncloak.transfer.networks.layers import convolution, head


class Block(nn.Module):
    """Four branches of `branch` channels each, concatenated."""

    def __init__(self, inputs: int, branch: int):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                convolution(inputs, branch, 1),
                nn.Sequential(convolution(inputs, branch, 1), convolution(branch, branch, 3)),
                nn.Sequential(convolution(inputs, branch // 2, 1), convolution(branch // 2, branch, 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), convolution(inputs, branch, 1)),
            ]
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(features) for branch in self.branches], dim=1)


def build(classes: int, size: int, width: int = 16) -> nn.Module:
    """Build the network of normalized pictures [N,3,size,size] -> logits [N,classes].

    Args:
        width: channels of the stem.
    """
    return nn.Sequential(
        convolution(3, width, 5, stride=2),
        convolution(width, 2 * width),
        nn.MaxPool2d(2),
        Block(2 * width, width),
        Block(4 * width, width),
        Block(4 * width, width),
        head(4 * width, classes),
    )
