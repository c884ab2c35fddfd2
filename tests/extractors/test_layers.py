"""Lists of layers against a plain run of the list in NumPy's float64."""

import hashlib
import json

import numpy as np
import pytest
import torch
from published_files import assert_gradient_is_a_slope

from uncloak.errors import InputError
from uncloak.extractors.importing import import_published

SIDE = 8


def layer(name: str, op: str, inputs: list[str], **values: object) -> dict:
    return {"name": name, "op": op, "inputs": inputs, "params": [], **values}


def convolution(
    name: str, inputs: str, kernel: int, stride: int = 1, pad: int = 0, groups: int = 1, bias: bool = False
):
    shape = {"kernel": [kernel, kernel], "stride": [stride, stride], "pad": [pad, pad], "groups": groups}
    params = [f"{name}_weight", *([f"{name}_bias"] if bias else [])]
    return layer(name, "Convolution", [inputs], **shape) | {"params": params}


def norm(name: str, inputs: str, **values: object):
    params = [f"{name}_{part}" for part in ("gamma", "beta", "moving_mean", "moving_var")]
    return layer(name, "BatchNorm", [inputs], eps=1e-3, **values) | {"params": params}


# Every operation, batch norms with a fixed gamma and behind a flattening, a sum of two branches.
LIST = [
    layer("less", "_minus_scalar", ["data"], scalar=127.5),
    layer("scaled", "_mul_scalar", ["less"], scalar=0.0078125),
    layer("above", "_maximum_scalar", ["scaled"], scalar=-0.9),
    layer("between", "_minimum_scalar", ["above"], scalar=0.8),
    convolution("conv0", "between", 3, stride=2, pad=1, bias=True),
    norm("norm0", "conv0", fix_gamma=True),
    layer("relu0", "LeakyReLU", ["norm0"]) | {"params": ["relu0_gamma"]},
    convolution("conv1", "relu0", 3, pad=1, groups=4),
    norm("norm1", "conv1", fix_gamma=False),
    layer("sum", "elemwise_add", ["norm1", "relu0"]),
    layer("flat", "Flatten", ["sum"]),
    layer("fc0", "FullyConnected", ["flat"]) | {"params": ["fc0_weight", "fc0_bias"]},
    norm("norm2", "fc0", fix_gamma=False),
    layer("fc1", "FullyConnected", ["norm2"]) | {"params": ["fc1_weight"]},
]
SHAPES = {
    "conv0_weight": (4, 3, 3, 3),
    "conv0_bias": (4,),
    "relu0_gamma": (4,),
    "conv1_weight": (4, 1, 3, 3),
    "fc0_weight": (6, 64),
    "fc0_bias": (6,),
    "fc1_weight": (5, 6),
    **{f"norm0_{part}": (4,) for part in ("gamma", "beta", "moving_mean", "moving_var")},
    **{f"norm1_{part}": (4,) for part in ("gamma", "beta", "moving_mean", "moving_var")},
    **{f"norm2_{part}": (6,) for part in ("gamma", "beta", "moving_mean", "moving_var")},
}


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    return {
        name: (random.random(shape) + 0.5 if name.endswith("var") else random.normal(size=shape)).astype(np.float32)
        for name, shape in SHAPES.items()
    }


def brought(folder, arrays, layers=LIST):
    """The extractor of this list and these arrays, both written as they are published."""
    path, beside = folder / "net.npz", folder / "net.layers.json"
    np.savez(path, **arrays)
    beside.write_text(json.dumps(layers))
    hashes = [hashlib.sha256(each.read_bytes()).hexdigest() for each in (path, beside)]
    levels = {"size": [SIDE, SIDE], "template": "arcface", "mean": [0.0] * 3, "std": [1 / 255] * 3}
    network = {"name": "layers", "list_sha256": hashes[1]}
    return import_published(path, {"network": network, "input": levels, "weights": {"sha256": hashes[0]}})


def plain(layers: list[dict], arrays: dict, x: np.ndarray) -> np.ndarray:
    """Run the list in float64, one array [C,H,W] at a time."""
    found = {"data": x}
    arrays = {name: array.astype(np.float64) for name, array in arrays.items()}
    for each in layers:
        y, *rest = (found[name] for name in each["inputs"])
        a = [arrays[name] for name in each["params"]]
        match each["op"]:
            case "_minus_scalar":
                y = y - each["scalar"]
            case "_mul_scalar":
                y = y * each["scalar"]
            case "_maximum_scalar":
                y = np.maximum(y, each["scalar"])
            case "_minimum_scalar":
                y = np.minimum(y, each["scalar"])
            case "elemwise_add":
                y = y + rest[0]
            case "Flatten":
                y = y.reshape(-1)
            case "FullyConnected":
                y = a[0] @ y.reshape(-1) + (a[1] if len(a) > 1 else 0)
            case "LeakyReLU":
                y = np.where(y > 0, y, y * a[0][:, None, None])
            case "BatchNorm":
                gamma = np.ones_like(a[0]) if each["fix_gamma"] else a[0]
                shape = (-1,) + (1,) * (y.ndim - 1)
                scaled = (y - a[2].reshape(shape)) / np.sqrt(a[3].reshape(shape) + each["eps"])
                y = gamma.reshape(shape) * scaled + a[1].reshape(shape)
            case "Convolution":
                y = plain_convolution(each, y, *a)
        found[each["name"]] = y
    return y


def plain_convolution(each: dict, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
    (kernel, _), (stride, _), (pad, _) = each["kernel"], each["stride"], each["pad"]
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    count, inputs = weight.shape[:2]
    places = range(0, x.shape[1] - kernel + 1, stride)
    y = np.zeros((count, len(places), len(places)))
    for out in range(count):
        first = out // (count // each["groups"]) * inputs
        for i, top in enumerate(places):
            for j, left in enumerate(places):
                window = x[first : first + inputs, top : top + kernel, left : left + kernel]
                y[out, i, j] = (window * weight[out]).sum()
    return y + np.reshape(bias, (-1, 1, 1))


def test_every_operation_is_that_of_a_plain_run(tmp_path, arrays):
    extractor, network = brought(tmp_path, arrays)
    faces = np.random.default_rng(1).random((2, 3, SIDE, SIDE))
    expected = np.stack([plain(LIST, arrays, 255 * face) for face in faces])
    found = extractor.double()(torch.from_numpy(faces)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert json.loads(network["graph"])[0]["name"] == "less"
    assert_gradient_is_a_slope(extractor, SIDE)


def renamed(layers, place, **values):
    return [{**each, **values} if number == place else each for number, each in enumerate(layers)]


@pytest.mark.parametrize(
    ("layers", "changed", "words"),
    [
        (renamed(LIST, 6, op="Swish"), {}, "unknown operation 'Swish' at 'relu0'; known are"),
        (LIST, {"conv1_weight": None}, "is no list of the layers .*conv1_weight"),
        (LIST, {"fc9_weight": np.zeros(3, np.float32)}, "has an array 'fc9_weight' that no layer"),
        (LIST, {"conv0_bias": np.zeros(3, np.float32)}, r"tensor 'layer4\.bias' has shape \[3\], not \[4\]"),
        (LIST, {"norm1_beta": np.full(4, np.nan, np.float32)}, "tensor 'norm1_beta' holds NaN"),
        (LIST, {"fc1_weight": np.zeros((5, 7), np.float32)}, r"cannot take a picture of \[8, 8\]"),
        (renamed(LIST, 9, inputs=["norm1", "later"]), {}, r"cannot take a picture of \[8, 8\] .*later"),
        (LIST[:5], "those that are used", r"network layers: gives \[1, 4, 4, 4\] for a picture, not one row"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(layers, changed, words, tmp_path, arrays):
    if changed == "those that are used":
        arrays = {name: arrays[name] for each in layers for name in each["params"]}
    else:
        arrays = {name: array for name, array in {**arrays, **changed}.items() if array is not None}
    with pytest.raises(InputError, match=words) as error:
        brought(tmp_path, arrays, layers)
    assert "\n" not in str(error.value)
