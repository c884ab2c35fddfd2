"""A small Inception-v3: kernels taken apart, grids halved two ways at once (Szegedy et al., arXiv 1512.00567)."""

import torch
from torch import nn

from uncloak.transfer.networks.layers import convolution, head


class Block(nn.Module):
    """Branches of 1 x 1, two 3 x 3, and 1 x 5 with 5 x 1 convolutions, and of mean pooling, concatenated."""

    def __init__(self, inputs: int, branch: int):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                convolution(inputs, branch, 1),
                nn.Sequential(convolution(inputs, branch, 1), convolution(branch, branch), convolution(branch, branch)),
                nn.Sequential(
                    convolution(inputs, branch, 1),
                    convolution(branch, branch, (1, 5)),
                    convolution(branch, branch, (5, 1)),
                ),
                nn.Sequential(nn.AvgPool2d(3, 1, 1), convolution(inputs, branch, 1)),
            ]
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(features) for branch in self.branches], dim=1)


class Reduction(nn.Module):
    """Half the grid: a strided convolution to `outputs - inputs` channels beside max pooling."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.convolution = convolution(inputs, outputs - inputs, stride=2)
        self.pool = nn.MaxPool2d(3, 2, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.convolution(features), self.pool(features)], dim=1)


def build(classes: int, size: int, width: int = 16) -> nn.Module:
    """Build the network of normalized pictures [N,3,size,size] -> logits [N,classes].

    Args:
        width: channels of the stem.
    """
    return nn.Sequential(
        convolution(3, width, stride=2),
        convolution(width, width),
        Block(width, width // 2),
        Reduction(2 * width, 4 * width),
        Block(4 * width, width),
        Block(4 * width, width),
        head(4 * width, classes),
    )
