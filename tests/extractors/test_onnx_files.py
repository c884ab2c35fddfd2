"""ONNX files in the manner of insightface's, against onnxruntime."""

import base64
import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from uncloak.errors import InputError
from uncloak.extractors.importing import import_published
from uncloak.extractors.networks import onnx as ours
from uncloak.extractors.weights import load, save

onnx = pytest.importorskip("onnx", reason="the extra onnx is not here")
pytest.importorskip("onnx2torch", reason="the extra onnx is not here")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not here")

INPUT = {"template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"}


class Graph:
    """Writes a network operation by operation, with random weights."""

    def __init__(self, seed: int = 0):
        self.random, self.nodes, self.weights, self.counter = np.random.default_rng(seed), [], [], 0

    def weight(self, *shape: int, around: float = 0.0, spread: float | None = None) -> str:
        spread = spread or 1.5 / max(1.0, np.sqrt(np.prod(shape[1:])))
        return self.constant((around + spread * self.random.standard_normal(shape)).astype(np.float32))

    def constant(self, value: np.ndarray) -> str:
        self.weights.append(onnx.numpy_helper.from_array(value, f"weight.{len(self.weights)}"))
        return self.weights[-1].name

    def __call__(self, operation: str, *inputs: str, **attributes) -> str:
        self.counter += 1
        name = f"{self.counter}"
        self.nodes.append(onnx.helper.make_node(operation, inputs, [name], f"{operation}_{name}", **attributes))
        return name

    def norm(self, x: str, channels: int) -> str:
        variance = np.abs(self.random.standard_normal(channels)).astype(np.float32) + 0.5
        numbers = (self.weight(channels, around=1.0, spread=0.3), *(self.weight(channels, spread=0.3) for _ in "12"))
        return self("BatchNormalization", x, *numbers, self.constant(variance), epsilon=1e-5)

    def conv(
        self, x: str, inputs: int, outputs: int, size: int = 3, stride: int = 1, pad: int = 1, group: int = 1
    ) -> str:
        weights = (self.weight(outputs, inputs // group, size, size), self.weight(outputs, spread=0.1))
        shape = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [pad] * 4, "group": group}
        return self("Conv", x, *weights, dilations=[1, 1], **shape)

    def prelu(self, x: str, channels: int) -> str:
        return self("PRelu", x, self.weight(channels, 1, 1, around=0.25, spread=0.1))

    def model(self, outputs: list[str], shape=("None", 3, 28, 28), name="input.1", opset: int = 11, size: int = 16):
        info = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self.nodes,
            "torch-jit-export",
            [info(name, onnx.TensorProto.FLOAT, shape)],
            [info(each, onnx.TensorProto.FLOAT, ["None", size]) for each in outputs],
            self.weights,
        )
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=6)


def iresnet():
    """Units of w600k_r50 and glintr100: norm, convolution, PRelu, convolution with stride, shortcut; then Gemm."""
    g = Graph()
    x = g.prelu(g.conv("input.1", 3, 8), 8)
    for inputs, outputs, stride in ((8, 8, 2), (8, 12, 2), (12, 12, 1)):
        y = g.prelu(g.conv(g.norm(x, inputs), inputs, outputs), outputs)
        y = g.conv(y, outputs, outputs, stride=stride)
        x = g("Add", y, x if stride == 1 else g.conv(x, inputs, outputs, 1, stride, 0))
    x = g("Flatten", g("Dropout", g.norm(x, 12)), axis=1)
    x = g("Gemm", x, g.weight(16, 12 * 49), g.weight(16), alpha=1.0, beta=1.0, transB=1)
    return g.model([g.norm(x, 16)])


def mobilefacenet():
    """Units of w600k_mbf: depthwise convolutions, the last as large as the picture; its picture comes as 0..255."""
    g = Graph(1)
    x = g("Mul", g("Sub", "data", g.constant(np.float32([0.1]))), g.constant(np.float32([0.9])))
    x = g.prelu(g.conv(x, 3, 8, stride=2), 8)
    x = g.prelu(g.conv(x, 8, 8, group=8), 8)
    y = g.prelu(g.conv(x, 8, 16, 1, pad=0), 16)
    y = g.prelu(g.conv(y, 16, 16, group=16), 16)
    x = g("Add", x, g.norm(g.conv(y, 16, 8, 1, pad=0), 8))
    x = g.conv(x, 8, 8, 14, pad=0, group=8)
    x = g("Reshape", x, g.constant(np.int64([-1, 8])))
    x = g("Clip", g("MatMul", x, g.weight(8, 16)), g.constant(np.float32(-3.0)), g.constant(np.float32(3.0)))
    return g.model([x], name="data")


def saved(model, path: Path) -> Path:
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def record(path: Path, side: int = 28, **network) -> dict:
    return {
        "network": {"name": "onnx", **network},
        "input": {"size": [side, side], **INPUT},
        "weights": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
    }


@pytest.mark.parametrize("make", [iresnet, mobilefacenet])
def test_embeddings_are_those_of_onnxruntime(tmp_path, make):
    path = saved(make(), tmp_path / "net.onnx")
    extractor, network = import_published(path, record(path))
    pictures = torch.rand(5, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    # insightface: (x - 127.5) / 127.5 of RGB 0..255.
    [expected] = session.run(None, {session.get_inputs()[0].name: (pictures.numpy() * 255 - 127.5) / 127.5})
    assert expected.std() > 0.1
    with torch.inference_mode():
        found = extractor(pictures)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    kept = tmp_path / "net.safetensors"
    save(kept, extractor, {"network": network, "input": record(path)["input"]}, {})
    assert torch.equal(load(kept)(pictures), extractor(pictures))
    # No weight is in the text beside the weights.
    assert len(network["graph"]) < 0.6 * path.stat().st_size


def test_gradients_are_those_of_finite_differences(tmp_path):
    path = saved(iresnet(), tmp_path / "net.onnx")
    network = import_published(path, record(path))[0].network.double()
    random = torch.Generator().manual_seed(1)
    x = (torch.rand(1, 3, 28, 28, generator=random, dtype=torch.float64) - 0.5).requires_grad_()
    [gradient] = torch.autograd.grad(network(x).square().sum(), x)
    step = torch.randn(x.shape, generator=random, dtype=torch.float64)
    with torch.no_grad():
        ahead, behind = (network(x + sign * 1e-7 * step).square().sum() for sign in (1, -1))
    assert float((gradient * step).sum()) == pytest.approx(float((ahead - behind) / 2e-7), rel=1e-5)


def test_the_record_names_one_of_several_outputs(tmp_path):
    g = Graph()
    x = g("Flatten", g.prelu(g.conv("input.1", 3, 8, stride=4), 8))
    embedding = g("Gemm", x, g.weight(8 * 49, 16))
    unknown = g("Hardmax", g("Gemm", embedding, g.weight(16, 16)))
    path = saved(g.model([unknown, embedding]), tmp_path / "net.onnx")
    with pytest.raises(InputError, match=rf"has the outputs {unknown}, {embedding}; name one"):
        import_published(path, record(path))
    with pytest.raises(InputError, match=r"has no output 'none'; it has"):
        import_published(path, record(path, output="none"))
    # The other output's operations are left out.
    extractor, network = import_published(path, record(path, output=embedding))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    pictures = torch.rand(2, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    [expected] = session.run([embedding], {"input.1": pictures.numpy() * 2 - 1})
    np.testing.assert_allclose(extractor(pictures), expected, atol=1e-5)
    assert b"Hardmax" not in base64.b64decode(network["graph"])


def _with(change):
    def harmed() -> object:
        model = iresnet()
        change(model)
        return model

    return harmed


def _first_weight(model):
    return model.graph.initializer[0]


def _external(model):
    tensor = _first_weight(model)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def _not_finite(model):
    tensor = _first_weight(model)
    tensor.raw_data = np.full(list(tensor.dims), np.nan, np.float32).tobytes()


def _input_sides(model, *sides):
    for place, side in zip(model.graph.input[0].type.tensor_type.shape.dim, sides, strict=True):
        place.dim_value = side


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"", r"damaged, or not ONNX"),
        (lambda: b"<html>not found</html>", r"damaged, or not ONNX"),
        (lambda: iresnet().SerializeToString()[:2000], r"damaged, or not ONNX"),
        (_with(_external), r"tensor 'weight\.0' lies in another file"),
        (_with(_not_finite), r"tensor '.*' holds NaN"),
        (_with(lambda model: model.graph.initializer.pop(0)), r"damaged, or not ONNX .*weight\.0"),
        (_with(lambda model: _first_weight(model).dims.__setitem__(0, 9)), r"damaged, or not ONNX"),
        (_with(lambda model: _first_weight(model).dims.__setitem__(0, 2**40)), r"damaged, or not ONNX"),
        (_with(lambda model: setattr(model.graph.node[0], "op_type", "Hardmax")), r"damaged, or not ONNX .*Hardmax"),
        (_with(lambda model: setattr(model.graph.node[0], "domain", "theirs")), r"theirs"),
        (_with(lambda model: _input_sides(model, 0, 28, 28, 3)), r"not pictures float32 \[N,3,height,width\]"),
        (_with(lambda model: _input_sides(model, 0, 3, 32, 32)), r"does not run on two pictures \[3, 32, 32\]"),
    ],
)
def test_what_is_damaged_or_does_not_fit_is_told_in_one_line(tmp_path, make, told):
    path = saved(make(), tmp_path / "net.onnx")
    with pytest.raises(InputError, match=told) as error:
        import_published(path, record(path))
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def _unknown_operation():
    g = Graph()
    return g.model([g("Hardmax", g("Flatten", "input.1"))], size=3 * 28 * 28)


def _pictures_out():
    g = Graph()
    return g.model([g.conv("input.1", 3, 8)])


def _one_at_a_time():
    g = Graph()
    return g.model([g("Reshape", "input.1", g.constant(np.int64([1, 3 * 28 * 28])))], shape=(1, 3, 28, 28))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_unknown_operation, r"onnx2torch does not know the operation 'Hardmax' \(opset 11 of ai\.onnx\)"),
        (_pictures_out, r"gives no row of numbers for each picture"),
        (_one_at_a_time, r"does not run on two pictures .* at once"),
    ],
)
def test_networks_that_are_no_extractors_are_told_in_one_line(tmp_path, make, told):
    path = saved(make(), tmp_path / "net.onnx")
    with pytest.raises(InputError, match=told) as error:
        import_published(path, record(path))
    assert "\n" not in str(error.value)


def test_whole_numbers_stay_in_the_graph(tmp_path):
    g = Graph()
    order = g.constant(np.arange(28 * 28 * 3)[::-1].copy())
    path = saved(
        g.model([g("Gather", g("Flatten", "input.1"), order, axis=1)], size=28 * 28 * 3), tmp_path / "net.onnx"
    )
    pictures = torch.rand(2, 3, 28, 28)
    assert torch.equal(import_published(path, record(path))[0](pictures), (pictures * 2 - 1).flatten(1).flip(1))


def test_a_constant_that_is_no_weight_is_not_lost_unnoticed(tmp_path, monkeypatch):
    """Bounds of Clip become part of the operation: were they taken for weights, the kept network would be another."""
    monkeypatch.setattr(ours, "_SHORT", 1)
    path = saved(mobilefacenet(), tmp_path / "net.onnx")
    with pytest.raises(InputError, match="computes with a constant that onnx2torch does not keep apart"):
        import_published(path, record(path))


@pytest.mark.parametrize("graph", ["no base64", base64.b64encode(b"no graph").decode()])
def test_a_damaged_graph_is_told_in_one_line(graph):
    with pytest.raises(InputError, match=r"network onnx: .*damaged") as error:
        ours.build(graph)
    assert "\n" not in str(error.value)


def test_the_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx2torch", None)
    with pytest.raises(
        InputError, match=r"^network onnx: the package onnx2torch is not installed; install uncloak\[onnx"
    ):
        ours.build("")
