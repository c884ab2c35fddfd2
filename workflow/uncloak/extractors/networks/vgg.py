"""A small VGG-style network for 64-pixel faces, in VGG-Face's role (Simonyan & Zisserman 2015; Parkhi et al. 2015)."""

import torch
from torch import nn

from uncloak.extractors.networks.head import embedding_head


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


class VGG(nn.Module):
    """Normalized faces [N,3,64,64] -> embeddings [N,dimension]: plain convolutions and max pooling.

    The first convolution strides, because at full resolution it would cost as much as all others together.
    """

    def __init__(self, width: int, dimension: int):
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(3, width, kernel=5, stride=2),
            *_convolution(width, 2 * width),
            nn.MaxPool2d(2),
            *_convolution(2 * width, 4 * width),
            *_convolution(4 * width, 4 * width),
            nn.MaxPool2d(2),
            *_convolution(4 * width, 8 * width),
            *_convolution(8 * width, 8 * width),
            nn.MaxPool2d(2),
            *_convolution(8 * width, 8 * width),
        )
        self.head = embedding_head(8 * width, 4, dimension)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(faces))


def build(width: int = 16, dimension: int = 128) -> nn.Module:
    """Build the network.

    Args:
        width: channels of the stem.
        dimension: numbers of an embedding.
    """
    return VGG(width, dimension)
