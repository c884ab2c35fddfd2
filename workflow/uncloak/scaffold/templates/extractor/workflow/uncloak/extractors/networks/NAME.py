"""NAME: about the smallest network that learns faces.

Three convolutions that halve the picture, and a linear head.

Put your architecture in its place, and say here where it comes from. For published weights, add `translate(state)`,
which returns their parameters by our names (`mobilefacenet.py` has one).
"""

from itertools import pairwise

from torch import nn

from uncloak.extractors.networks.head import embedding_head


def build(width: int = 16, dimension: int = 128) -> nn.Module:
    """Build the network: normalized faces float32 [N,3,64,64] -> embeddings float32 [N,dimension], untrained.

    Args:
        width: channels of the first convolution; each of the next has twice as many.
        dimension: numbers of an embedding.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((3, width, 2 * width, 4 * width)):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, embedding_head(4 * width, 8, dimension))
