"""Networks as torchvision builds them: classifiers, whose last layer or what comes before it is the embedding."""

from torch import nn
from torchvision import models

from uncloak.errors import InputError
from uncloak.extractors import published

# The published weights of these two take pictures normalized as for all others, and change that themselves.
_OPTIONS = {
    "googlenet": {"transform_input": True, "init_weights": False},
    "inception_v3": {"transform_input": True, "init_weights": False},
}


def build(model: str, dimension: int = 0, size: int = 0) -> nn.Module:
    """Build torchvision's `model` of normalized pictures float32 [N,3,H,W] -> [N,D], untrained.

    Args:
        model: its name in torchvision.
        dimension: outputs of its last layer, which the weights have; 0: no last layer, what comes before it.
        size: side in pixels of the picture of a transformer that is made for one; 0: torchvision's.

    Raises InputError for a model that torchvision does not classify with, or that ends in no linear layer.
    """
    if model not in models.list_models(module=models):
        raise InputError(f"network torchvision: has no classifier '{model}'; take a name of torchvision.models")
    options = {"image_size": size} if size and model.startswith("vit_") else _OPTIONS.get(model, {})
    if dimension:
        return models.get_model(model, num_classes=dimension, **options)
    network = models.get_model(model, **options)
    name, last = [*network.named_modules()][-1]
    if not isinstance(last, nn.Linear):
        raise InputError(f"network torchvision: '{model}' ends in no linear layer; give its dimension")
    network.set_submodule(name, nn.Identity())
    return network


translate = published.unchanged
