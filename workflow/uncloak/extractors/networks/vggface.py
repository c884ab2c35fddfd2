"""VGG-Face (Parkhi et al. 2015, "Deep Face Recognition") as deepface and Keras run it: VGG-16 with 4096 features.

Keras' copies of the published weights (`vgg_face_weights.h5`) hold weights alone, so that the layers stand here.
"""

from collections.abc import Mapping

import torch
from torch import nn

# Convolutions of each block, all 3 x 3; then one as large as what is left, one for each place, and the people.
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
_FEATURES = 4096


class VggFace(nn.Module):
    """Maps normalized faces float32 [N,3,224,224] to the features float32 [N,4096] before the people's layer."""

    def __init__(self, width: float):
        super().__init__()
        layers, before = [], 3
        for channels, count in _BLOCKS:
            for _ in range(count):
                layers += [nn.Conv2d(before, before := round(channels * width), 3, padding=1), nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
        features = round(_FEATURES * width)
        layers += [nn.Conv2d(before, features, 7), nn.ReLU(), nn.Conv2d(features, features, 1), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x).flatten(1)


def build(width: float = 1.0) -> VggFace:
    """Build the network of normalized faces float32 [N,3,224,224] -> [N,D], untrained.

    Args:
        width: share of the published channels, and of the 4096 features.
    """
    return VggFace(width)


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Turn Keras' arrays into our parameters: in the order of its layers, whose names every copy has its own of.

    The last convolution, from features to the people of the training set, is left out.
    """
    names = list(VggFace(1 / 64).state_dict())
    if len(state) not in (len(names), len(names) + 2):
        raise ValueError(f"{len(state)} arrays, not {len(names)} or, with the people's layer, {len(names) + 2}")
    return {
        name: value.permute(3, 2, 0, 1).contiguous() if value.ndim == 4 else value
        for name, value in zip(names, state.values(), strict=False)
    }
