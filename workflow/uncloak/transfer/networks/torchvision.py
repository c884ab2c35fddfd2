"""Networks as torchvision builds them, for its published ImageNet weights."""

from torch import nn

from uncloak.extractors import published
from uncloak.extractors.networks import torchvision


def build(classes: int, size: int, model: str) -> nn.Module:
    """Build torchvision's `model` for pictures [N,3,size,size], untrained.

    Args:
        model: its name in torchvision.

    Raises InputError for a model that torchvision does not classify with.
    """
    return torchvision.build(model, classes, size)


translate = published.unchanged
