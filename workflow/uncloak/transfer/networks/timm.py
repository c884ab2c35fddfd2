"""Networks as timm (pytorch-image-models) builds them, for its published ImageNet weights."""

from torch import nn

from uncloak.extractors import published
from uncloak.extractors.networks import timm


def build(classes: int, size: int, model: str, **options: object) -> nn.Module:
    """Build timm's `model` for pictures [N,3,size,size], untrained; `options` are those of the model itself.

    Args:
        model: its name in timm.

    Raises InputError for a model that timm does not have, or not with these options.
    """
    return timm.create(model, classes, **options)


translate = published.unchanged
