"""The ResNets of face.evoLVe for 112-pixel faces, LowKey's published backbone ResNet_152 among them (attacks.md 4.7).

Torchvision's bottleneck ResNet (stride in the 3 x 3 convolution) up to its last stage; then, in place of mean and
classifier, a fully connected layer over all positions between two batch norms.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import nn
from torchvision.models.resnet import Bottleneck, ResNet

from uncloak.errors import InputError

# Depth -> bottlenecks of the four stages. In millions of parameters and billions of multiply-adds for one face, the
# three have 40.3 and 1.1, 59.3 and 2.0, 74.9 and 2.9.
_UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_LAYERS = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
_SIDE = 112
_EMBEDDING = 512


class EvolveResNet(nn.Module):
    """Maps normalized faces float32 [N,3,112,112] to embeddings float32 [N,512]; `units` in each of four stages.

    Raises InputError for another size.
    """

    def __init__(self, units: Sequence[int]):
        super().__init__()
        resnet = ResNet(Bottleneck, list(units), num_classes=1)
        self.features = nn.Sequential(OrderedDict((name, getattr(resnet, name)) for name in _LAYERS))
        self.head = nn.Sequential(
            nn.BatchNorm2d(2048),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(2048 * 4 * 4, _EMBEDDING),
            nn.BatchNorm1d(_EMBEDDING),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if tuple(x.shape[-2:]) != (_SIDE, _SIDE):
            raise InputError(f"input: size {list(x.shape[-2:])} does not fit; this network takes {[_SIDE, _SIDE]}")
        return self.head(self.features(x))


def build(depth: Literal[50, 101, 152] = 152) -> EvolveResNet:
    """Build the network of normalized faces float32 [N,3,112,112] -> [N,512], untrained.

    Args:
        depth: number of layers that it is called by.

    Raises InputError for another depth.
    """
    if depth not in _UNITS:
        raise InputError(f"network evolve_resnet: depth is {depth!r}; choose from {', '.join(map(str, _UNITS))}")
    return EvolveResNet(_UNITS[depth])


_HEAD = {"bn_o1": "head.0", "fc": "head.3", "bn_o2": "head.4"}


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename a published state dictionary (`Backbone_ResNet_*.pth`) to our parameters."""
    renamed = {}
    for name, value in state.items():
        layer, _, rest = name.partition(".")
        renamed[f"{_HEAD.get(layer, f'features.{layer}')}.{rest}"] = value
    return renamed
