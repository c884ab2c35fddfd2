"""A small ResNet of bottlenecks for 64-pixel faces (He et al. 2016), ending in an embedding head as IR networks do."""

from collections.abc import Sequence

import torch
from torch import nn
from torchvision.models.resnet import Bottleneck

from uncloak.extractors.networks.head import embedding_head


class ResNet(nn.Module):
    """Normalized faces [N,3,64,64] -> embeddings [N,dimension]; the stem and every stage halve the resolution once."""

    def __init__(self, widths: Sequence[int], blocks: Sequence[int], dimension: int):
        super().__init__()
        inputs = widths[0]
        layers = [nn.Conv2d(3, inputs, 3, 2, 1, bias=False), nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)]
        for width, count in zip(widths, blocks, strict=True):
            outputs = width * Bottleneck.expansion
            shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, 2, bias=False), nn.BatchNorm2d(outputs))
            layers += [Bottleneck(inputs, width, 2, shortcut), *(Bottleneck(outputs, width) for _ in range(count - 1))]
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.head = embedding_head(inputs, 32 >> len(widths), dimension)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(faces))


def build(widths: Sequence[int] = (8, 16, 32), blocks: Sequence[int] = (1, 1, 1), dimension: int = 128) -> nn.Module:
    """Build the network.

    Args:
        widths: channels within the bottlenecks of each stage, which give out four times as many.
        blocks: number of bottlenecks of each stage.
        dimension: numbers of an embedding.
    """
    return ResNet(widths, blocks, dimension)
