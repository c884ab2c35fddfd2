"""What Keras' kinds of layers do, in torch's functions: nothing that a file names is imported or run.

Arrays are [N,height,width,channels] as Keras has them, so that axes and shapes mean what the file says; what torch
wants otherwise is a view.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
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


class Layer(nn.Module):
    """One layer: its arrays, its options, and the function of its kind, run on its inputs."""

    def __init__(self, layer: Mapping):
        super().__init__()
        self.options = layer["options"]
        self._run = KINDS[layer["kind"]].run
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
        return ACTIVATIONS[self.options.get("activation", "linear")](x)


def _first(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(-1, 1)


def _last(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(1, -1)


def _border(layer: Layer, x: torch.Tensor, kernel: Sequence[int], strides: Sequence[int]) -> list[int]:
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


def _convolve(layer: Layer, x: torch.Tensor, kernel: torch.Tensor, groups: int) -> torch.Tensor:
    """Convolve x [N,C,H,W]."""
    strides, dilation = layer.options["strides"], layer.options.get("dilation_rate", (1, 1))
    left, right, top, bottom = _border(layer, x, kernel.shape[2:], strides)
    if (left, top) != (right, bottom):
        x, left, top = F.pad(x, (left, right, top, bottom)), 0, 0
    return F.conv2d(x, kernel, None, strides, (top, left), dilation, groups)


def _biased(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    bias = layer.array("bias")
    return x if bias is None else x + bias


def _conv(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    return _biased(layer, _last(_convolve(layer, _first(x), layer.kernel, layer.options.get("groups", 1))))


def _depthwise(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    return _biased(layer, _last(_convolve(layer, _first(x), layer.depthwise_kernel, x.shape[-1])))


def _separable(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    x = _convolve(layer, _first(x), layer.depthwise_kernel, x.shape[-1])
    return _biased(layer, _last(F.conv2d(x, layer.pointwise_kernel)))


def _dense(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    return F.linear(x, layer.kernel, layer.array("bias"))


def _batch_norm(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    _demand_last(layer, x)
    statistics, affine = (layer.moving_mean, layer.moving_variance), (layer.array("gamma"), layer.array("beta"))
    momentum, epsilon = 1 - layer.options.get("momentum", 0.99), layer.options["epsilon"]
    return _last(F.batch_norm(_first(x), *statistics, *affine, layer.training, momentum, epsilon))


def _normalize(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    _demand_last(layer, x)
    given = (layer.options.get("mean"), layer.options.get("variance"))
    if given == (None, None):
        mean, variance = layer.mean, layer.variance
    else:
        mean, variance = (x.new_tensor(numbers).flatten() for numbers in given)
    return (x - mean) / variance.sqrt().clamp_min(1e-7)


def _demand_last(layer: Layer, x: torch.Tensor) -> None:
    axis = layer.options["axis"]
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, x.ndim - 1):
        raise ValueError(f"axis {axis} is not that of the channels")


def _rescale(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    return x * x.new_tensor(layer.options["scale"]) + x.new_tensor(layer.options.get("offset", 0.0))


def _max_pool(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    size, x = layer.options["pool_size"], _first(x)
    strides = layer.options.get("strides") or size
    border = _border(layer, x, size, strides)
    return _last(F.max_pool2d(F.pad(x, border, value=-torch.inf) if any(border) else x, size, strides))


def _average_pool(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    size, x = layer.options["pool_size"], _first(x)
    strides = layer.options.get("strides") or size
    border = _border(layer, x, size, strides)
    if not any(border):
        return _last(F.avg_pool2d(x, size, strides))
    # Of the pixels that are there, not of the border.
    share = F.avg_pool2d(F.pad(torch.ones_like(x[:1, :1]), border), size, strides)
    return _last(F.avg_pool2d(F.pad(x, border), size, strides) / share)


def _global(reduced: Callable[..., torch.Tensor]) -> Callable[[Layer, torch.Tensor], torch.Tensor]:
    return lambda layer, x: reduced(x, (1, 2), keepdim=layer.options.get("keepdims", False))


def _frame(layer: Layer, name: str) -> tuple[int, int, int, int]:
    """Return the pixels at the left, right, top and bottom."""
    frame = layer.options[name]
    rows, columns = (frame, frame) if isinstance(frame, int) else frame
    (top, bottom), (left, right) = ((each, each) if isinstance(each, int) else each for each in (rows, columns))
    return left, right, top, bottom


def _pad(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    return F.pad(x, (0, 0, *_frame(layer, "padding")))


def _crop(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    left, right, top, bottom = _frame(layer, "cropping")
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def _rectify(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    x = F.leaky_relu(x, layer.options.get("negative_slope") or 0.0)
    most = layer.options.get("max_value")
    return x if most is None else x.clamp_max(most)


def _leak(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    options = layer.options
    return F.leaky_relu(x, options["negative_slope"] if "negative_slope" in options else options["alpha"])


def _prelu(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    return x.clamp_min(0) + layer.alpha * x.clamp_max(0)


def _folded(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Callable[..., torch.Tensor]:
    def run(layer: Layer, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            x = function(x, other)
        return x

    return run


def _factor(layer: Layer) -> float:
    options = layer.options.get("arguments", layer.options)
    return float(options["scale"])


def _scaled_sum(layer: Layer, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x + y * _factor(layer)


class Kind:
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
KINDS = {
    "InputLayer": Kind(lambda layer, x: x),
    "Conv2D": Kind(_conv, f"{_CONVOLUTION} groups", _with_bias("kernel")),
    "DepthwiseConv2D": Kind(_depthwise, _CONVOLUTION, _with_bias("depthwise_kernel")),
    "SeparableConv2D": Kind(_separable, _CONVOLUTION, _with_bias("depthwise_kernel", "pointwise_kernel")),
    "Dense": Kind(_dense, "activation", _with_bias("kernel")),
    "BatchNormalization": Kind(_batch_norm, "axis momentum epsilon", _norm_arrays),
    "Normalization": Kind(
        _normalize,
        "axis mean variance",
        lambda config: ("mean", "variance") if config.get("mean") is None else (),
    ),
    "Rescaling": Kind(_rescale, "scale offset"),
    "Activation": Kind(lambda layer, x: x, "activation"),
    "ReLU": Kind(_rectify, "max_value negative_slope"),
    "LeakyReLU": Kind(_leak, "alpha negative_slope"),
    "PReLU": Kind(_prelu, "", lambda config: ("alpha",)),
    "Softmax": Kind(lambda layer, x: x.softmax(layer.options.get("axis", -1)), "axis"),
    "MaxPooling2D": Kind(_max_pool, _POOL),
    "AveragePooling2D": Kind(_average_pool, _POOL),
    "GlobalMaxPooling2D": Kind(_global(torch.amax), "keepdims"),
    "GlobalAveragePooling2D": Kind(_global(torch.mean), "keepdims"),
    "ZeroPadding2D": Kind(_pad, "padding"),
    "Cropping2D": Kind(_crop, "cropping"),
    "Flatten": Kind(lambda layer, x: x.flatten(1)),
    "Reshape": Kind(lambda layer, x: x.reshape(x.shape[0], *layer.options["target_shape"]), "target_shape"),
    "Permute": Kind(lambda layer, x: x.permute(0, *layer.options["dims"]), "dims"),
    "Dropout": Kind(lambda layer, x: F.dropout(x, layer.options["rate"], layer.training), "rate"),
    "Add": Kind(_folded(torch.add)),
    "Subtract": Kind(_folded(torch.sub)),
    "Multiply": Kind(_folded(torch.mul)),
    "Maximum": Kind(_folded(torch.maximum)),
    "Minimum": Kind(_folded(torch.minimum)),
    "Average": Kind(lambda layer, *inputs: sum(inputs) / len(inputs)),
    "Concatenate": Kind(lambda layer, *inputs: torch.cat(inputs, layer.options.get("axis", -1)), "axis"),
}
KINDS["CustomScaleLayer"] = Kind(_scaled_sum, "scale")  # of Keras' own Inception-ResNet
# What a Lambda layer does, where its record says so: the code in the file is not run.
LAMBDAS = {
    "scale": Kind(lambda layer, x: x * _factor(layer), "arguments"),
    "scaled_sum": Kind(_scaled_sum, "arguments"),
}
KINDS.update(LAMBDAS)
_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance")
