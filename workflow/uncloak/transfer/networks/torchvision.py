"""Networks as torchvision builds them, for its published ImageNet weights."""

from collections.abc import Mapping

import torch
from torch import nn
from torchvision import models

from uncloak.errors import InputError

# The published weights of these two take pictures normalized as for all others, and change that themselves.
_OPTIONS = {
    "googlenet": {"transform_input": True, "init_weights": False},
    "inception_v3": {"transform_input": True, "init_weights": False},
}


def build(classes: int, size: int, model: str) -> nn.Module:
    """Build torchvision's `model` for pictures [N,3,size,size], untrained.

    Args:
        model: its name in torchvision.

    Raises InputError for a model that torchvision does not classify with.
    """
    if model not in models.list_models(module=models):
        raise InputError(f"network torchvision: has no classifier '{model}'; take a name of torchvision.models")
    options = {"image_size": size} if model.startswith("vit_") else _OPTIONS.get(model, {})
    return models.get_model(model, num_classes=classes, **options)


def translate(state: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """Return the published weights as they are: their names are the network's own."""
    return state
