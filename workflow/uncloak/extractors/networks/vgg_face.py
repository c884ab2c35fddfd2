"""VGG-Face, a VGG-16 of 224-pixel faces (Parkhi et al., "Deep Face Recognition", BMVC 2015)."""

from collections.abc import Mapping

import torch
from torch import nn
from torchvision import models

# Convolutions between poolings, and the dense layers behind them.
_GROUPS = (2, 2, 3, 3, 3)
_DENSE = {"classifier.0": "fc6", "classifier.3": "fc7"}


def build() -> nn.Module:
    """Build the network of normalized faces float32 [N,3,224,224] -> [N,4096] (fc7 after its ReLU), untrained."""
    network = models.vgg16()
    network.classifier[6] = nn.Identity()  # the classifier of the 2,622 people
    return network


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename the parameters of `vgg_face_dag.pth` (robots.ox.ac.uk/~albanie/pytorch-models.html) to ours, less fc8.

    Raises KeyError for a foreign checkpoint.
    """
    names, place = dict(_DENSE), 0
    for group, count in enumerate(_GROUPS, 1):
        for number in range(1, count + 1):
            names[f"features.{place}"] = f"conv{group}_{number}"
            place += 2  # and its ReLU
        place += 1  # the pooling
    known = {f"{name}.{kind}" for name in (*names.values(), "fc8") for kind in ("weight", "bias")}
    if foreign := sorted(state.keys() - known):
        raise KeyError(foreign[0])
    return {f"{name}.{kind}": state[f"{other}.{kind}"] for name, other in names.items() for kind in ("weight", "bias")}
