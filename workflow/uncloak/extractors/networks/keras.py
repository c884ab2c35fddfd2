"""Networks that Keras saved whole in HDF5 (`model_config` and `model_weights`, as Keras 1 to 3 write them).

Fawkes' surrogates are such files (`extractor_0.h5`, `extractor_2.h5`, `high_extract.h5`). The list of layers is rebuilt
of torch's functions (`uncloak.extractors.keras_layers`), without Keras: it cannot load the nested models in Fawkes'
files, and nothing that a file names is imported or run.
"""

import json
import os
from collections.abc import Mapping
from pathlib import PurePosixPath

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors import keras_file
from uncloak.extractors.keras_layers import KINDS, Layer
from uncloak.extractors.keras_list import flat, needed


def read(path: str | os.PathLike, output: str = "", lambdas: str = "") -> tuple[str, dict[str, torch.Tensor]]:
    """Read the list of layers, as JSON, and their arrays by name, as torch lays them out.

    path: of the file; others: as for `build`.
    Raises InputError where the file is damaged, holds weights alone, or layers that this module does not know.
    """
    config, groups = keras_file.read(path)
    try:
        layers, last = flat(config, "", [], lambdas)
        layers = needed(layers, output or last)
        state = {}
        for layer in layers:
            arrays = _arrays(layer, groups)
            layer["shapes"] = {name: list(value.shape) for name, value in arrays.items()}
            state.update({f"layers.{layer['name']}.{name}": value for name, value in arrays.items()})
        first = layers[0]["config"]
        for layer in layers:
            del layer["config"]
        _try(layers, first.get("batch_input_shape") or first.get("batch_shape") or [None, None, None, 3])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(f"{path}: its list of layers is damaged (at {_line(error)}); get the file again") from None
    return json.dumps(layers, sort_keys=True), state


def build(graph: str, output: str = "", lambdas: str = "") -> nn.Module:
    """Build the network of faces float32 [N,3,H,W], normalized as it was trained -> [N,D], untrained.

    Args:
        graph: the list of layers, with the shapes of their arrays.
        output: name of the layer that gives the embedding, with the names of the models around it before slashes; the
            last layer's unless given.
        lambdas: what Lambda layers do: "scale", times their argument `scale`, or "scaled_sum", first input plus `scale`
            times the second. Their own code is never run, and unless this is given they are refused.

    Raises InputError where the list is damaged.
    """
    try:
        return _Network(json.loads(graph))
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise InputError(f"network keras: the list of layers is damaged (at {_line(error)}); get it again") from None


class _Network(nn.Module):
    """Runs the layers in their order, each on what its inputs gave."""

    def __init__(self, layers: list[Mapping]):
        super().__init__()
        self._inputs = {layer["name"]: tuple(layer["inputs"]) for layer in layers}
        self.layers = nn.ModuleDict({layer["name"]: Layer(layer) for layer in layers})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = {"": x.movedim(1, -1)}
        for name, inputs in self._inputs.items():
            x = found[name] = self.layers[name](*(found[each] for each in inputs))
        return x


def _try(layers: list[dict], shape: list[int | None]) -> None:
    """Run a picture without content through the layers, so that what does not fit is told by its name.

    shape: [N,height,width,3] as the file has it; where it leaves a side open, any will do.
    """
    if len(shape) != 4 or shape[3] != 3:
        raise InputError(f"takes {shape}, not pictures [N,height,width,3]")
    with torch.device("meta"):
        network = _Network(layers).eval()
    found = {"": torch.zeros(1, *(side or 224 for side in shape[1:3]), 3, device="meta")}
    for layer in layers:
        try:
            x = found[layer["name"]] = network.layers[layer["name"]](*(found[each] for each in layer["inputs"]))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise InputError(
                f"layer '{layer['name']}' ({layer['kind']}) does not take what comes to it ({_line(error)})"
            ) from None
    if x.ndim != 2:
        raise InputError(
            f"layer '{layer['name']}' gives {list(x.shape[1:])} for a picture, no row of numbers; name another"
            " as output"
        )


def _arrays(layer: Mapping, groups: Mapping[str, keras_file.Arrays]) -> dict[str, torch.Tensor]:
    """Return a layer's arrays as torch lays them out.

    Raises InputError where one is missing or not of this layer.
    """
    path = PurePosixPath(layer["name"]).parts
    found = {part: value for (owner, part), value in groups.get(path[0], {}).items() if owner in ("", path[-1])}
    found.pop("count", None)  # of a Normalization: pictures that it has seen
    if layer["kind"] == "DepthwiseConv2D" and "kernel" in found:  # as Keras 3 calls it
        found["depthwise_kernel"] = found.pop("kernel")
    expected = KINDS[layer["kind"]].arrays(layer["config"])
    if wrong := set(expected) ^ set(found):
        part = min(wrong)
        what = "is missing" if part in expected else "is extra"
        raise InputError(f"layer '{layer['name']}' ({layer['kind']}): its array '{part}' {what}; get the file again")
    size = list(layer["config"].get("kernel_size", ()))
    for part, value in found.items():
        if size and part in ("kernel", "depthwise_kernel") and list(value.shape[:2]) != size:
            raise InputError(f"layer '{layer['name']}': its {part} has shape {list(value.shape)}, not {size} in front")
    return {part: _as_torch(part, value) for part, value in found.items()}


def _as_torch(part: str, value: torch.Tensor) -> torch.Tensor:
    if part in ("kernel", "pointwise_kernel"):
        value = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.T
    elif part == "depthwise_kernel":
        value = value.permute(2, 3, 0, 1).flatten(0, 1).unsqueeze(1)
    return value.contiguous()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
