"""VGG-Face, a VGG-16 of 224-pixel faces with 4096 features (Parkhi et al., "Deep Face Recognition", BMVC 2015).

Its copies hold weights alone: for PyTorch with the published names (`vgg_face_dag.pth`, whose dense layers are the
convolutions here), for Keras, as deepface runs it, with names of their own (`vgg_face_weights.h5`).
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
    """Turn the arrays of PyTorch's or Keras' copy into our parameters, less the layer of the training set's people.

    Keras' are told apart by their order, since every copy has names of its own. Raises KeyError or ValueError for a
    foreign file.
    """
    names = list(VggFace(1 / 64).state_dict())
    if "fc6.weight" in state:
        return _of_pytorch(state, names)
    if len(state) not in (len(names), len(names) + 2):
        raise ValueError(f"{len(state)} arrays, not {len(names)} or, with the people's layer, {len(names) + 2}")
    return {
        name: value.permute(3, 2, 0, 1).contiguous() if value.ndim == 4 else value
        for name, value in zip(names, state.values(), strict=False)
    }


def _of_pytorch(state: Mapping[str, torch.Tensor], names: list[str]) -> dict[str, torch.Tensor]:
    convolutions = [
        f"conv{block}_{number + 1}" for block, (_, count) in enumerate(_BLOCKS, 1) for number in range(count)
    ]
    published = [f"{layer}.{kind}" for layer in (*convolutions, "fc6", "fc7") for kind in ("weight", "bias")]
    if foreign := sorted(state.keys() - {*published, "fc8.weight", "fc8.bias"}):
        raise KeyError(foreign[0])
    found = {name: state[other] for name, other in zip(names, published, strict=True)}
    side = {"fc6.weight": 7, "fc7.weight": 1}
    for name, other in zip(names, published, strict=True):
        if other in side:
            outputs = len(found[name])
            found[name] = found[name].reshape(outputs, -1, side[other], side[other])
    return found
