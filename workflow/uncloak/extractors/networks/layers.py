"""Networks that come as a list of layers beside their arrays, as MXNet's symbols list them (insightface's older nets).

The list lies beside the arrays as STEM.layers.json: for each layer its `name`, `op`, the layers that are its `inputs`
("data" is the picture, RGB 0..255), the arrays that are its `params`, and `kernel`, `stride`, `pad`, `groups`, `eps`,
`fix_gamma`, `scalar`. The last one is the embedding.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors import published
from uncloak.extractors.networks.prelu import PReLU

# Arrays of a layer -> parameters of the module that it becomes.
_ARRAYS = {
    "Convolution": ("weight", "bias"),
    "FullyConnected": ("weight", "bias"),
    "BatchNorm": ("weight", "bias", "running_mean", "running_var"),
    "LeakyReLU": ("weight",),
}
_SCALARS: dict[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "_minus_scalar": torch.sub,
    "_mul_scalar": torch.mul,
    "_maximum_scalar": lambda x, least: x.clamp_min(least),
    "_minimum_scalar": lambda x, most: x.clamp_max(most),
}
_OTHERS: dict[str, Callable[..., torch.Tensor]] = {
    "elemwise_add": torch.add,
    "Flatten": lambda x: x.flatten(1),
}
_KNOWN = sorted({*_ARRAYS, *_SCALARS, *_OTHERS})


def read(path: str | os.PathLike, list_sha256: str) -> tuple[str, dict[str, torch.Tensor]]:
    """Read the list of layers beside the arrays `path` (.npz), with the arrays' shapes, and the parameters by name.

    Raises InputError where the list is missing, has another hash, an operation that is not known here, or does not fit
    the arrays.
    """
    beside = Path(path).with_suffix(".layers.json")
    published.check(beside, list_sha256, "put the list of layers there, beside the arrays")
    arrays = dict(published.read(path, "npz"))
    state = {}
    try:
        layers = json.loads(beside.read_text(encoding="utf-8"))
        for number, layer in enumerate(layers):
            if layer["op"] not in _KNOWN:
                raise InputError(
                    f"{beside}: unknown operation '{layer['op']}' at '{layer['name']}'; known are {', '.join(_KNOWN)}"
                )
            names = _ARRAYS.get(layer["op"], ())[: len(layer["params"])]
            layer["shapes"] = {}
            for parameter, array in zip(names, layer["params"], strict=True):
                value = arrays.pop(array)
                layer["shapes"][parameter] = list(value.shape)
                # The gamma of a batch norm that fixes it is stored, but counts as 1.
                fixed = parameter == "weight" and layer.get("fix_gamma")
                state[f"{_called(number)}.{parameter}"] = torch.ones_like(value) if fixed else value
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{beside}: is no list of the layers of {path} (at {error}); get both again") from None
    if arrays:
        raise InputError(f"{path}: has an array '{min(arrays)}' that no layer of {beside} takes; get both again")
    return json.dumps(layers, sort_keys=True), state


class Layers(nn.Module):
    """Runs the layers in the order of the list, each on what its inputs gave."""

    def __init__(self, layers: list[Mapping]):
        super().__init__()
        self._steps = [(layer["name"], layer["op"], tuple(layer["inputs"]), layer.get("scalar")) for layer in layers]
        for number, layer in enumerate(layers):
            if layer["op"] in _ARRAYS:
                self.add_module(_called(number), _module(layer))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = {"data": x}
        for number, (name, op, inputs, scalar) in enumerate(self._steps):
            taken = [found[each] for each in inputs]
            if op in _SCALARS:
                x = _SCALARS[op](taken[0], scalar)
            elif op in _OTHERS:
                x = _OTHERS[op](*taken)
            else:
                x = getattr(self, _called(number))(taken[0].flatten(1) if op == "FullyConnected" else taken[0])
            found[name] = x
        return x


def _called(number: int) -> str:
    # The published names may hold what no module's name may.
    return f"layer{number}"


def _module(layer: Mapping) -> nn.Module:
    op, shapes = layer["op"], layer["shapes"]
    count, inputs = shapes["weight"][0], shapes["weight"][-1]
    if op == "Convolution":
        shape = {"groups": layer["groups"], "bias": "bias" in shapes}
        inputs = shapes["weight"][1] * layer["groups"]
        return nn.Conv2d(inputs, count, layer["kernel"], layer["stride"], layer["pad"], **shape)
    if op == "FullyConnected":
        return nn.Linear(inputs, count, bias="bias" in shapes)
    if op == "LeakyReLU":
        return PReLU(count)
    norm = nn.BatchNorm1d if layer.get("flat") else nn.BatchNorm2d
    return norm(count, eps=layer["eps"])


def build(graph: str, list_sha256: str) -> nn.Module:
    """Build the network of faces float32 [N,3,H,W], RGB 0..255 -> [N,D], untrained.

    Args:
        graph: the list of layers, with the shapes of their arrays.
        list_sha256: hash of the file STEM.layers.json, which is compared where it is read.

    Raises InputError where the list is damaged.
    """
    try:
        return Layers(_flattened(json.loads(graph)))
    except (ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
        raise InputError(f"network layers: the list of layers is damaged (at {error}); get it again") from None


def _flattened(layers: list[dict]) -> list[dict]:
    """Mark the layers that work on rows, not pictures: those behind a layer that flattens."""
    flat = set()
    for layer in layers:
        if layer["op"] in ("Flatten", "FullyConnected") or flat & set(layer["inputs"]):
            flat.add(layer["name"])
            layer["flat"] = True
    return layers
