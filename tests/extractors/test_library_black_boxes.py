"""The black boxes of libraries give what the same weights give as a network of ours."""

import hashlib
import os
import sys
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from extractor_records import RECORDS
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors.black_box import embed_by_black_box
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor, Preprocessing
from uncloak.extractors.importing import import_published
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read

ROOT = Path(__file__).resolve().parents[2]
CROP = {"size": [32, 32], "template": "arcface"}
NUMBERS = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.5, 0.125]}


def random_faces(count: int, side: int) -> np.ndarray:
    """Noise that is smooth, as faces are."""
    coarse = torch.from_numpy(np.random.default_rng(0).random((count, 3, 8, 8), dtype=np.float32))
    fine = nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=False)
    return (fine.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).contiguous().numpy()


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 16 * 16, 8))
    return layers.eval().requires_grad_(False)


def graph(network: nn.Sequential, batch: int | str = "N", layout: str = "NCHW", kind: int = TensorProto.FLOAT):
    """The same network in ONNX, which turns its input first where channels come last; and what goes wrong with one."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    weights = {
        name: numpy_helper.from_array(value.numpy().astype(dtype), name) for name, value in network.state_dict().items()
    }
    shape = [batch, 3, 32, 32] if layout == "NCHW" else [batch, 32, 32, 3]
    turned = [helper.make_node("Transpose", ["picture"], ["x"], perm=[0, 3, 1, 2])]
    nodes = [
        *(turned if layout == "NHWC" else [helper.make_node("Identity", ["picture"], ["x"])]),
        helper.make_node("Conv", ["x", "0.weight", "0.bias"], ["maps"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["positive"]),
        helper.make_node("Flatten", ["positive"], ["row"]),
        helper.make_node("Gemm", ["row", "3.weight", "3.bias"], ["embedding"], transB=1),
        helper.make_node("Neg", ["embedding"], ["opposite"]),
    ]
    outputs = [helper.make_tensor_value_info(name, kind, [batch, 8]) for name in ("embedding", "opposite")]
    inputs = [helper.make_tensor_value_info("picture", kind, shape)]
    made = helper.make_graph(nodes, "net", inputs, outputs, list(weights.values()))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def box(tmp_path):
    """Write a graph, and return the record of its box and the file."""

    def written(model: onnx.ModelProto, **options: object):
        path = tmp_path / "theirs.onnx"
        onnx.save(model, path)
        weights = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "origin": "here"}
        options = {"output": "embedding", **NUMBERS, **options}
        values = {"recipe": "black_box", "box": {"name": "onnxruntime", **options}, "crop": CROP, "weights": weights}
        return read(AnyExtractor, values), path

    return written


@pytest.mark.parametrize("color", ["rgb", "bgr"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("batch", ["N", 1, 3])
def test_onnxruntime_gives_what_the_network_gives(network, box, batch, layout, color):
    faces = random_faces(70, 112)[:, ::3, ::3][:, :32, :32].copy()
    # At the size of the crop nothing is resampled, so that 8 bits lose nothing.
    wanted = embed(Extractor(network, Preprocessing(**CROP, **NUMBERS, color=color)), faces)
    record, path = box(graph(network, batch, layout), layout=layout, color=color)
    np.testing.assert_allclose(embed_by_black_box(record, faces, path), wanted, atol=1e-5)


def test_onnxruntime_gives_the_graph_the_floats_that_it_takes(network, box):
    faces = random_faces(3, 32)
    record, path = box(graph(network, kind=TensorProto.FLOAT16))
    wanted = embed(Extractor(network, Preprocessing(**CROP, **NUMBERS)), faces)
    np.testing.assert_allclose(embed_by_black_box(record, faces, path), wanted, atol=2e-2)
    of_bytes = graph(network)
    of_bytes.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    of_bytes.graph.node[0].CopyFrom(helper.make_node("Cast", ["picture"], ["x"], to=TensorProto.FLOAT))
    record, path = box(of_bytes)
    with pytest.raises(InputError, match=r"input picture is a tensor\(uint8\); export the graph for floats"):
        embed_by_black_box(record, faces, path)


def test_onnxruntime_gives_the_output_that_is_named(network, box):
    faces = random_faces(3, 32)
    (plain, path), (opposite, _) = box(graph(network)), box(graph(network), output="opposite")
    assert (embed_by_black_box(plain, faces, path) == -embed_by_black_box(opposite, faces, path)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"output": ""}, "name one of the outputs embedding, opposite as box.output"),
        ({"input": "face"}, "name one of the inputs picture as box.input"),
        ({"layout": "NHWC"}, "failed (InvalidArgument"),
    ],
)
def test_what_does_not_fit_the_graph_is_told_in_one_line(network, box, options, words):
    record, path = box(graph(network), **options)
    with pytest.raises(InputError) as told:
        embed_by_black_box(record, random_faces(3, 32), path)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_onnxruntime_cannot_run_is_told_in_one_line(network, box, tmp_path):
    record, path = box(graph(network))
    faces, whole = random_faces(3, 32), path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(InputError, match="has sha256"):
        embed_by_black_box(record, faces, path)
    path.unlink()
    with pytest.raises(InputError, match="no such file; get it from here"):
        embed_by_black_box(record, faces, path)
    path.write_bytes(whole[:-9])
    damaged = record.weights.model_copy(update={"sha256": hashlib.sha256(whole[:-9]).hexdigest()})
    with pytest.raises(InputError, match=r"onnxruntime: cannot be opened \(\w+: .*log has more"):
        embed_by_black_box(record.model_copy(update={"weights": damaged}), faces, path)


@pytest.fixture
def dlib_box():
    """The record of dlib's box, by the size of its crop."""
    for package in ("dlib", "face_recognition_models"):
        if not find_spec(package):
            pytest.skip(f"{package} is not installed")
    return lambda size=150: read(
        AnyExtractor,
        {"recipe": "black_box", "box": {"name": "dlib"}, "crop": {"size": [size, size], "template": "dlib"}},
    )


def test_dlib_gives_what_our_network_gives_with_its_weights(dlib_box):
    path = Path(os.environ.get("UNCLOAK_WEIGHTS", ROOT.parent / "shared" / "weights"), "dlib_resnet_v1.npz")
    if not path.exists():
        pytest.skip(f"no dlib weights at {path}")
    ours, _ = import_published(path, RECORDS["dlib_resnet"])
    chips = random_faces(3, 150)
    normalized = (torch.from_numpy(chips).permute(0, 3, 1, 2) / 255 - ours.preprocessing.mean) / ours.preprocessing.std
    theirs = import_module("uncloak.extractors.black_boxes.dlib").build()
    np.testing.assert_allclose(theirs(chips), ours.network(normalized), atol=1e-5)
    # Not the same chips: theirs are in 8 bits.
    faces = random_faces(70, 112)
    differences = np.linalg.norm(embed_by_black_box(dlib_box(), faces) - embed(ours, faces), axis=1)
    assert 0 < differences.max() < 0.02


def test_dlib_takes_chips_of_one_size(dlib_box):
    with pytest.raises(InputError, match="chips of 150 x 150 pixels"):
        embed_by_black_box(dlib_box(75), random_faces(1, 112))


def test_other_weights_than_dlibs_are_not_run(dlib_box, monkeypatch):
    module = import_module("uncloak.extractors.black_boxes.dlib")
    monkeypatch.setattr(module, "_FILE", replace(module._FILE, sha256="0" * 64))
    with pytest.raises(InputError, match="has sha256"):
        embed_by_black_box(dlib_box(), random_faces(1, 112))


def test_a_missing_package_is_told_in_one_line(network, box, monkeypatch):
    monkeypatch.delitem(sys.modules, "uncloak.extractors.black_boxes.onnxruntime", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    record, path = box(graph(network))
    with pytest.raises(
        InputError, match=r"black box onnxruntime: cannot be opened \(ModuleNotFoundError: .*onnxruntime"
    ):
        embed_by_black_box(record, random_faces(1, 32), path)
