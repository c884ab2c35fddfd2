"""Layers that the small families share."""

from torch import nn


def convolution(
    inputs: int, outputs: int, kernel: int | tuple[int, int] = 3, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Return a convolution that keeps the size (but for its stride), with batch norm and ReLU."""
    rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, (rows, columns), stride, (rows // 2, columns // 2), groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def head(channels: int, classes: int) -> nn.Sequential:
    """Return means over sixteenths of the picture, and a linear layer to one logit per class.

    With the mean over all places alone, as the originals have it, networks need far longer to learn outlines.
    """
    return nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * channels, classes))
