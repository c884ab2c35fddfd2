"""A small improved residual network (IR blocks of ArcFace, Deng et al. 2019, section 3.2.2) for 64-pixel faces."""

from collections.abc import Sequence

import torch
from torch import nn

from uncloak.extractors.networks.head import embedding_head
from uncloak.extractors.networks.prelu import PReLU


class IRBlock(nn.Module):
    """BN-Conv-BN-PReLU-Conv(stride)-BN with a shortcut, which is projected where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.residual = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
            PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.residual(features) + self.shortcut(features)


class IResNet(nn.Module):
    """Normalized faces [N,3,64,64] -> embeddings [N,dimension]; the stem and every stage halve the resolution once."""

    def __init__(self, widths: Sequence[int], blocks: Sequence[int], dimension: int):
        super().__init__()
        layers = [nn.Conv2d(3, widths[0], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[0]), PReLU(widths[0])]
        inputs = widths[0]
        for width, count in zip(widths, blocks, strict=True):
            for index in range(count):
                layers.append(IRBlock(inputs, width, stride=2 if index == 0 else 1))
                inputs = width
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(inputs))
        self.head = embedding_head(inputs, 32 >> len(widths), dimension)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(faces))


def build(widths: Sequence[int] = (16, 48, 96), blocks: Sequence[int] = (1, 1, 1), dimension: int = 128) -> nn.Module:
    """Build the network.

    Args:
        widths: channels of each stage.
        blocks: number of blocks of each stage.
        dimension: numbers of an embedding.
    """
    return IResNet(widths, blocks, dimension)
