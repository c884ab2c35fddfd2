"""Networks that Keras saved whole in HDF5 (`model_config` and `model_weights`, as Keras 1 to 3 write them).

Fawkes' surrogates are such files (`extractor_0.h5`, `extractor_2.h5`, `high_extract.h5`). The list of layers is rebuilt
of torch's functions, without Keras: it cannot load the nested models in Fawkes' files, and nothing that a file names is
imported or run. Inside, arrays are [N,height,width,channels] as Keras has them, so that axes and shapes mean what the
file says; what torch wants otherwise is a view.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

import torch
import torch.nn.functional as F
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors import keras_file

_NESTED = ("Functional", "Model", "Sequential")
_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda x: x,
    "relu": F.relu,
    "relu6": F.relu6,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "swish": F.silu,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "softmax": lambda x: x.softmax(-1),
}


class _Layer(nn.Module):
    """One layer: its arrays, its options, and the function of its kind, run on its inputs."""

    def __init__(self, layer: Mapping):
        super().__init__()
        self.options = layer["options"]
        self._run = _KINDS[layer["kind"]].run
        for name, shape in layer["shapes"].items():
            if name in _STATISTICS:
                self.register_buffer(name, torch.zeros(shape))
            else:
                self.register_parameter(name, nn.Parameter(torch.zeros(shape)))

    def array(self, name: str) -> torch.Tensor | None:
        """Return an array, or None where the layer is without it."""
        return getattr(self, name, None)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        x = self._run(self, *inputs)
        return _ACTIVATIONS[self.options.get("activation", "linear")](x)


def _first(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(-1, 1)


def _last(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(1, -1)


def _border(layer: _Layer, x: torch.Tensor, kernel: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Return the pixels at the left, right, top and bottom that `padding` adds to x [N,C,H,W]: the odd one behind."""
    if layer.options["padding"] == "valid":
        return [0, 0, 0, 0]
    dilation = layer.options.get("dilation_rate", (1, 1))
    border = []
    for axis in (1, 0):
        side, reach = x.shape[2 + axis], (kernel[axis] - 1) * dilation[axis] + 1
        missing = max((-(-side // strides[axis]) - 1) * strides[axis] + reach - side, 0)
        border += [missing // 2, missing - missing // 2]
    return border


def _convolve(layer: _Layer, x: torch.Tensor, kernel: torch.Tensor, groups: int) -> torch.Tensor:
    """Convolve x [N,C,H,W]."""
    strides, dilation = layer.options["strides"], layer.options.get("dilation_rate", (1, 1))
    left, right, top, bottom = _border(layer, x, kernel.shape[2:], strides)
    if (left, top) != (right, bottom):
        x, left, top = F.pad(x, (left, right, top, bottom)), 0, 0
    return F.conv2d(x, kernel, None, strides, (top, left), dilation, groups)


def _biased(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    bias = layer.array("bias")
    return x if bias is None else x + bias


def _conv(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return _biased(layer, _last(_convolve(layer, _first(x), layer.kernel, layer.options.get("groups", 1))))


def _depthwise(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return _biased(layer, _last(_convolve(layer, _first(x), layer.depthwise_kernel, x.shape[-1])))


def _separable(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    x = _convolve(layer, _first(x), layer.depthwise_kernel, x.shape[-1])
    return _biased(layer, _last(F.conv2d(x, layer.pointwise_kernel)))


def _dense(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return F.linear(x, layer.kernel, layer.array("bias"))


def _batch_norm(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    _demand_last(layer, x)
    statistics, affine = (layer.moving_mean, layer.moving_variance), (layer.array("gamma"), layer.array("beta"))
    momentum, epsilon = 1 - layer.options.get("momentum", 0.99), layer.options["epsilon"]
    return _last(F.batch_norm(_first(x), *statistics, *affine, layer.training, momentum, epsilon))


def _normalize(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    _demand_last(layer, x)
    given = (layer.options.get("mean"), layer.options.get("variance"))
    if given == (None, None):
        mean, variance = layer.mean, layer.variance
    else:
        mean, variance = (x.new_tensor(numbers).flatten() for numbers in given)
    return (x - mean) / variance.sqrt().clamp_min(1e-7)


def _demand_last(layer: _Layer, x: torch.Tensor) -> None:
    axis = layer.options["axis"]
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, x.ndim - 1):
        raise ValueError(f"axis {axis} is not that of the channels")


def _rescale(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return x * x.new_tensor(layer.options["scale"]) + x.new_tensor(layer.options.get("offset", 0.0))


def _max_pool(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    size, x = layer.options["pool_size"], _first(x)
    strides = layer.options.get("strides") or size
    border = _border(layer, x, size, strides)
    return _last(F.max_pool2d(F.pad(x, border, value=-torch.inf) if any(border) else x, size, strides))


def _average_pool(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    size, x = layer.options["pool_size"], _first(x)
    strides = layer.options.get("strides") or size
    border = _border(layer, x, size, strides)
    if not any(border):
        return _last(F.avg_pool2d(x, size, strides))
    # Of the pixels that are there, not of the border.
    share = F.avg_pool2d(F.pad(torch.ones_like(x[:1, :1]), border), size, strides)
    return _last(F.avg_pool2d(F.pad(x, border), size, strides) / share)


def _global(reduced: Callable[..., torch.Tensor]) -> Callable[[_Layer, torch.Tensor], torch.Tensor]:
    return lambda layer, x: reduced(x, (1, 2), keepdim=layer.options.get("keepdims", False))


def _frame(layer: _Layer, name: str) -> tuple[int, int, int, int]:
    """Return the pixels at the left, right, top and bottom."""
    frame = layer.options[name]
    rows, columns = (frame, frame) if isinstance(frame, int) else frame
    (top, bottom), (left, right) = ((each, each) if isinstance(each, int) else each for each in (rows, columns))
    return left, right, top, bottom


def _pad(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return F.pad(x, (0, 0, *_frame(layer, "padding")))


def _crop(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    left, right, top, bottom = _frame(layer, "cropping")
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def _rectify(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    x = F.leaky_relu(x, layer.options.get("negative_slope") or 0.0)
    most = layer.options.get("max_value")
    return x if most is None else x.clamp_max(most)


def _leak(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    options = layer.options
    return F.leaky_relu(x, options["negative_slope"] if "negative_slope" in options else options["alpha"])


def _prelu(layer: _Layer, x: torch.Tensor) -> torch.Tensor:
    return x.clamp_min(0) + layer.alpha * x.clamp_max(0)


def _folded(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Callable[..., torch.Tensor]:
    def run(layer: _Layer, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            x = function(x, other)
        return x

    return run


def _factor(layer: _Layer) -> float:
    options = layer.options.get("arguments", layer.options)
    return float(options["scale"])


def _scaled_sum(layer: _Layer, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x + y * _factor(layer)


class _Kind:
    """What a kind of layer does, which options of its configuration count for that, and which arrays it has."""

    def __init__(
        self,
        run: Callable[..., torch.Tensor],
        options: str = "",
        arrays: Callable[[Mapping], Sequence[str]] = lambda config: (),
    ):
        self.run, self.options, self.arrays = run, options.split(), arrays


def _with_bias(*kernels: str) -> Callable[[Mapping], Sequence[str]]:
    return lambda config: (*kernels, "bias") if config.get("use_bias", True) else kernels


def _norm_arrays(config: Mapping) -> Sequence[str]:
    affine = [name for name, key in (("gamma", "scale"), ("beta", "center")) if config.get(key, True)]
    return (*affine, "moving_mean", "moving_variance")


_CONVOLUTION = "strides padding dilation_rate activation kernel_size"
_POOL = "pool_size strides padding"
_KINDS = {
    "InputLayer": _Kind(lambda layer, x: x),
    "Conv2D": _Kind(_conv, f"{_CONVOLUTION} groups", _with_bias("kernel")),
    "DepthwiseConv2D": _Kind(_depthwise, _CONVOLUTION, _with_bias("depthwise_kernel")),
    "SeparableConv2D": _Kind(_separable, _CONVOLUTION, _with_bias("depthwise_kernel", "pointwise_kernel")),
    "Dense": _Kind(_dense, "activation", _with_bias("kernel")),
    "BatchNormalization": _Kind(_batch_norm, "axis momentum epsilon", _norm_arrays),
    "Normalization": _Kind(
        _normalize,
        "axis mean variance",
        lambda config: ("mean", "variance") if config.get("mean") is None else (),
    ),
    "Rescaling": _Kind(_rescale, "scale offset"),
    "Activation": _Kind(lambda layer, x: x, "activation"),
    "ReLU": _Kind(_rectify, "max_value negative_slope"),
    "LeakyReLU": _Kind(_leak, "alpha negative_slope"),
    "PReLU": _Kind(_prelu, "", lambda config: ("alpha",)),
    "Softmax": _Kind(lambda layer, x: x.softmax(layer.options.get("axis", -1)), "axis"),
    "MaxPooling2D": _Kind(_max_pool, _POOL),
    "AveragePooling2D": _Kind(_average_pool, _POOL),
    "GlobalMaxPooling2D": _Kind(_global(torch.amax), "keepdims"),
    "GlobalAveragePooling2D": _Kind(_global(torch.mean), "keepdims"),
    "ZeroPadding2D": _Kind(_pad, "padding"),
    "Cropping2D": _Kind(_crop, "cropping"),
    "Flatten": _Kind(lambda layer, x: x.flatten(1)),
    "Reshape": _Kind(lambda layer, x: x.reshape(x.shape[0], *layer.options["target_shape"]), "target_shape"),
    "Permute": _Kind(lambda layer, x: x.permute(0, *layer.options["dims"]), "dims"),
    "Dropout": _Kind(lambda layer, x: F.dropout(x, layer.options["rate"], layer.training), "rate"),
    "Add": _Kind(_folded(torch.add)),
    "Subtract": _Kind(_folded(torch.sub)),
    "Multiply": _Kind(_folded(torch.mul)),
    "Maximum": _Kind(_folded(torch.maximum)),
    "Minimum": _Kind(_folded(torch.minimum)),
    "Average": _Kind(lambda layer, *inputs: sum(inputs) / len(inputs)),
    "Concatenate": _Kind(lambda layer, *inputs: torch.cat(inputs, layer.options.get("axis", -1)), "axis"),
}
_KINDS["CustomScaleLayer"] = _Kind(_scaled_sum, "scale")  # of Keras' own Inception-ResNet
# What a Lambda layer does, where its record says so: the code in the file is not run.
_LAMBDAS = {
    "scale": _Kind(lambda layer, x: x * _factor(layer), "arguments"),
    "scaled_sum": _Kind(_scaled_sum, "arguments"),
}
_KINDS.update(_LAMBDAS)
_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance")
# Options that change nothing here: of training, or told by the arrays' shapes; but for the values in _ONLY.
_IDLE = {
    *("name", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "optional", "sparse", "ragged"),
    *("filters", "units", "use_bias", "depth_multiplier", "scale", "center", "fused", "virtual_batch_size", "groups"),
    *("renorm_clipping", "renorm_momentum", "synchronized", "adjustment", "shared_axes", "noise_shape", "seed"),
    *("function", "function_type", "module", "output_shape", "output_shape_type", "output_shape_module", "mask"),
    *("quantization_config", "name_scope", "batch_size", "input_shape"),
}
_IDLE_ENDINGS = ("_initializer", "_regularizer", "_constraint")
_ONLY = {"data_format": ("channels_last",), "threshold": (0,), "renorm": (False,), "invert": (False,)}


def read(path: str | os.PathLike, output: str = "", lambdas: str = "") -> tuple[str, dict[str, torch.Tensor]]:
    """Read the list of layers, as JSON, and their arrays by name, as torch lays them out.

    path: of the file; others: as for `build`.
    Raises InputError where the file is damaged, holds weights alone, or layers that this module does not know.
    """
    config, groups = keras_file.read(path)
    try:
        layers, last = _flat(config, "", [], lambdas)
        layers = _needed(layers, output or last)
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
        self.layers = nn.ModuleDict({layer["name"]: _Layer(layer) for layer in layers})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = {"": _last(x)}
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


def _flat(config: Mapping, prefix: str, source: list[str], lambdas: str) -> tuple[list[dict], str]:
    """Return the layers of a model, those of models inside it among them, and the name of the last.

    source: what comes into the model.
    """
    kind, config, flat = config["class_name"], config["config"], []
    ends: dict[str, str] = {}  # what a name stands for: a layer, or the last layer of a model
    chain = kind == "Sequential"
    layers = config["layers"] if isinstance(config, dict) else config  # Keras 1 and 2 wrote the bare list, too
    if not chain and len(_references(config["input_layers"])) != 1:
        raise InputError("has several inputs; only nets of one picture are read")
    for layer in layers:
        name = layer.get("name") or layer["config"]["name"]
        if "." in name or "/" in name or name in ends:
            raise InputError(f"layer '{name}': its name stands twice or has a dot or slash; rename it in Keras")
        if layer["class_name"] == "InputLayer":
            before = source
        elif chain:
            before = [ends[next(reversed(ends))]] if ends else source
        else:
            before = [ends[each] for each in _inputs(name, layer["inbound_nodes"])]
        if layer["class_name"] in _NESTED:
            inside, ends[name] = _flat(layer, f"{prefix}{name}/", before, lambdas)
            flat += inside
        else:
            ends[name] = prefix + name
            flat.append({"name": ends[name], "inputs": before or [""], **_checked(name, layer, lambdas)})
    outputs = [name] if chain else _references(config["output_layers"])
    if len(outputs) != 1:
        raise InputError(f"has several outputs ({', '.join(outputs)}); only nets of one are read")
    return flat, ends[outputs[0]]


def _inputs(name: str, nodes: Sequence) -> list[str]:
    if len(nodes) != 1:
        raise InputError(f"layer '{name}' is used {len(nodes)} times; only once is read")
    [node] = nodes
    options = node.get("kwargs", {}) if isinstance(node, dict) else {}
    if not isinstance(node, dict):
        options = {key: value for each in node for key, value in (each[3] if len(each) > 3 else {}).items()}
    for key, value in options.items():
        if value not in (None, False):
            raise InputError(f"layer '{name}' is called with {key}={str(value)[:40]}; only pictures are read")
    return _references(node["args"] if isinstance(node, dict) else node)


def _references(node: object) -> list[str]:
    """Return the names in Keras' references to what layers give: [name, call, number], bare or in mappings."""
    if isinstance(node, dict):
        return _references(node["config"]["keras_history"])
    if node and isinstance(node[0], str):
        if node[2] != 0:
            raise InputError(f"layer '{node[0]}' gives several arrays; only layers that give one are read")
        return [node[0]]
    return [name for each in node for name in _references(each)]


def _checked(name: str, layer: Mapping, lambdas: str) -> dict:
    """Return a layer's kind, its options that count, and its whole configuration."""
    kind, config = layer["class_name"], layer["config"]
    foreign = str(layer.get("module") or "keras").split(".")[0] not in ("keras", "tensorflow")
    if kind == "Lambda":
        if lambdas not in _LAMBDAS:
            raise InputError(
                f"layer '{name}' is a Lambda, whose Python code in the file is never run; if you know what it does, say"
                f" so with the network's option lambdas: {' or '.join(_LAMBDAS)}"
            )
        kind = lambdas
    elif kind not in _KINDS or kind in _LAMBDAS or foreign or ">" in str(layer.get("registered_name") or ""):
        raise InputError(f"layer '{name}' is of the unknown kind '{kind}'; known are {', '.join(_KINDS)}")
    used = _KINDS[kind].options
    options = {key: config[key] for key in used if key in config}
    for key, value in config.items():
        if key in _ONLY and value is not None and value not in _ONLY[key]:
            raise InputError(f"layer '{name}' ({kind}) has {key} {value}; only {_ONLY[key][0]} is read")
        idle = key in _IDLE or key in _ONLY or key.endswith(_IDLE_ENDINGS)
        if key not in used and not idle and value is not None:
            raise InputError(f"layer '{name}' ({kind}) has the unknown option '{key}'")
    activation = options.get("activation", "linear")
    if not isinstance(activation, str) or activation not in _ACTIVATIONS:
        raise InputError(
            f"layer '{name}' has the unknown activation '{str(activation)[:40]}'; known are {', '.join(_ACTIVATIONS)}"
        )
    if options.get("padding") not in (None, "valid", "same") and kind != "ZeroPadding2D":
        raise InputError(f"layer '{name}' ({kind}) has padding '{options['padding']}'; only valid and same are read")
    return {"kind": kind, "options": options, "config": config}


def _needed(layers: list[dict], output: str) -> list[dict]:
    """Return the layers that the layer `output` needs, itself the last."""
    if output not in {layer["name"] for layer in layers}:
        names = ", ".join(layer["name"] for layer in layers[-5:])
        raise InputError(f"has no layer '{output[:80]}' to take as output; the last are {names}")
    needed, kept = {output}, []
    for layer in reversed(layers):
        if layer["name"] in needed:
            kept.append(layer)
            needed.update(layer["inputs"])
    return kept[::-1]


def _arrays(layer: Mapping, groups: Mapping[str, keras_file.Arrays]) -> dict[str, torch.Tensor]:
    """Return a layer's arrays as torch lays them out.

    Raises InputError where one is missing or not of this layer.
    """
    path = PurePosixPath(layer["name"]).parts
    found = {part: value for (owner, part), value in groups.get(path[0], {}).items() if owner in ("", path[-1])}
    found.pop("count", None)  # of a Normalization: pictures that it has seen
    if layer["kind"] == "DepthwiseConv2D" and "kernel" in found:  # as Keras 3 calls it
        found["depthwise_kernel"] = found.pop("kernel")
    expected = _KINDS[layer["kind"]].arrays(layer["config"])
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
