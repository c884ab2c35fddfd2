"""Networks as timm (pytorch-image-models) builds them, for its published ImageNet weights."""

from collections.abc import Mapping

import timm
import torch
from torch import nn

from uncloak.errors import InputError


def build(classes: int, size: int, model: str, **options: object) -> nn.Module:
    """Build timm's `model` for pictures [N,3,size,size], untrained; `options` are those of the model itself.

    Args:
        model: its name in timm.

    Raises InputError for a model that timm does not have.
    """
    if not timm.is_model(model):
        raise InputError(f"network timm: has no model '{model}'; take a name of timm.list_models()")
    return timm.create_model(model, pretrained=False, num_classes=classes, **options)


def translate(state: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """Return the published weights as they are: their names are the network's own."""
    return state
