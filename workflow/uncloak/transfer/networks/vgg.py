"""A small VGG: plain 3 x 3 convolutions, max pooling and two dense layers (Simonyan & Zisserman, arXiv 1409.1556).

Batch norm, which the original does not have, lets it learn in seconds.
"""

from torch import nn

from uncloak.transfer.networks.layers import convolution


def build(classes: int, size: int, width: int = 16) -> nn.Module:
    """Build the network of normalized pictures [N,3,size,size] -> logits [N,classes].

    Args:
        width: channels of the stem.
    """
    return nn.Sequential(
        convolution(3, width),
        nn.MaxPool2d(2),
        convolution(width, 2 * width),
        convolution(2 * width, 2 * width),
        nn.MaxPool2d(2),
        convolution(2 * width, 4 * width),
        convolution(4 * width, 4 * width),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * width * (size // 8) ** 2, 8 * width),
        nn.ReLU(inplace=True),
        nn.Linear(8 * width, classes),
    )
