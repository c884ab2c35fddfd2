"""A small Inception-ResNet for 64-pixel faces, in FaceNet's role (Szegedy et al. 2017; Schroff et al. 2015)."""

import torch
from torch import nn

from uncloak.extractors.networks.head import embedding_head


def _normalized(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return _normalized(inputs, outputs, kernel, stride).append(nn.ReLU(inplace=True))


class InceptionBlock(nn.Module):
    """Branches of 1x1, 3x3 and two 3x3 convolutions, concatenated and added to the input."""

    def __init__(self, channels: int):
        super().__init__()
        branch = channels // 4
        self.one = _normalized(channels, branch, 1)
        self.three = nn.Sequential(_convolution(channels, branch, 1), _normalized(branch, branch, 3))
        self.three_twice = nn.Sequential(
            _convolution(channels, branch, 1), _convolution(branch, branch, 3), _normalized(branch, branch, 3)
        )
        self.project = nn.Conv2d(3 * branch, channels, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        branches = torch.cat([self.one(features), self.three(features), self.three_twice(features)], dim=1)
        # Rectified together: a branch's own gradient would be a slice of the whole one, which is slow to go through.
        return torch.relu(features + self.project(branches.relu_()))


class Inception(nn.Module):
    """Normalized faces [N,3,64,64] -> embeddings [N,dimension]."""

    def __init__(self, width: int, dimension: int):
        super().__init__()
        self.features = nn.Sequential(
            _convolution(3, width, 3, stride=2),
            _convolution(width, width, 3),
            _convolution(width, 3 * width, 3, stride=2),
            InceptionBlock(3 * width),
            InceptionBlock(3 * width),
            _convolution(3 * width, 6 * width, 3, stride=2),
            InceptionBlock(6 * width),
            InceptionBlock(6 * width),
        )
        self.head = embedding_head(6 * width, 8, dimension)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(faces))


def build(width: int = 24, dimension: int = 128) -> nn.Module:
    """Build the network.

    Args:
        width: channels of the stem.
        dimension: numbers of an embedding.
    """
    return Inception(width, dimension)
