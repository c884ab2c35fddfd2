"""dlib's own file against the same arrays read out by others, and against dlib itself."""

import hashlib
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from extractor_records import RECORDS

from uncloak.errors import InputError
from uncloak.extractors import dlib_file
from uncloak.extractors.extractor import Preprocessing
from uncloak.extractors.importing import import_published

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "weights" / "dlib_resnet_v1.npz"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
RECORD = RECORDS["dlib_resnet"] | {
    "weights": {"sha256": SHA256, "format": "dlib", "origin": "PyPI face_recognition_models"}
}


@pytest.fixture(scope="module")
def published() -> Path:
    # Its import needs a module that setuptools has dropped.
    found = importlib.util.find_spec("face_recognition_models")
    if found is None:
        pytest.skip("the extra dlib is not here")
    return Path(found.submodule_search_locations[0]) / "models" / "dlib_face_recognition_resnet_model_v1.dat"


def number(value: int) -> bytes:
    """A whole number as dlib writes it."""
    raw = abs(value).to_bytes(max(1, (abs(value).bit_length() + 7) // 8), "little")
    return bytes([len(raw) | (0x80 if value < 0 else 0)]) + raw


def array(values: np.ndarray) -> bytes:
    shape = (1,) * (4 - values.ndim) + values.shape
    return b"".join(map(number, (2, *shape))) + values.astype("<f4").tobytes()


def named(name: str) -> bytes:
    return number(len(name)) + name.encode()


def convolution(weight: np.ndarray, bias: np.ndarray, shape=None) -> bytes:
    both = np.concatenate([weight.ravel(), bias])
    numbers = [weight.shape[0], *weight.shape[2:], 1, 1, 0, 0, 1, *(shape or weight.shape), 1, 1, len(bias), 1, 1]
    return named("con_4") + array(both[:, None]) + b"".join(map(number, [*numbers, *[1, 0] * 4]))


def scale(gamma: np.ndarray, beta: np.ndarray) -> bytes:
    both = np.concatenate([gamma, beta])
    return named("affine_") + array(both[:, None]) + b"".join(map(number, [1, 1, len(gamma), 1, 1] * 2 + [0]))


def last(weight: np.ndarray) -> bytes:
    return named("fc_2") + number(weight.shape[0]) + number(weight.shape[1]) + array(weight.T) + b"110\x01\x02" * 9


def small() -> tuple[bytes, dict[str, np.ndarray]]:
    """A file of two convolutions, and its arrays; the values spell the names of layers here and there."""
    random = np.random.default_rng(0)
    arrays, data = {}, b"\x01\x02" * 20 + named("input_rgb_image_sized")
    for i, (outputs, inputs) in enumerate(((3, 2), (4, 3))):
        w, b, g, t = (
            random.normal(size=size).astype(np.float32) for size in ((outputs, inputs, 3, 3), outputs, outputs, outputs)
        )
        w.ravel()[:2] = np.frombuffer(b"\x01\x05con_4\x00", np.float32)
        data += convolution(w, b) + b"110\x01\x02\x01\x00" + scale(g, t) + b"111" + named("relu_")
        arrays |= {f"conv0{i}.weight": w, f"conv0{i}.bias": b, f"conv0{i}.gamma": g, f"conv0{i}.beta": t}
    arrays["fc.weight"] = random.normal(size=(5, 4)).astype(np.float32)
    return data + last(arrays["fc.weight"]), arrays


def test_arrays_come_back_in_the_order_of_the_forward_pass(tmp_path):
    data, arrays = small()
    path = tmp_path / "net.dat"
    path.write_bytes(data)
    found = dlib_file.read(path)
    assert list(found) == list(arrays)
    for name, expected in arrays.items():
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.skipif(not SHARED.exists(), reason="published weights are not here")
def test_the_published_file_holds_what_others_read_out_of_it(published):
    found, expected = dlib_file.read(published), np.load(SHARED, allow_pickle=False)
    assert set(found) == {name for name in expected.files if not name.endswith("stride_pad")}
    for name, value in found.items():
        np.testing.assert_array_equal(value, expected[name])


def test_embeddings_are_those_of_dlib_itself(published):
    dlib = pytest.importorskip("dlib", reason="the extra dlib is not here")
    # Smooth random pictures: of a person or not, dlib's net has to say the same.
    seeds = torch.rand(6, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    chips = (torch.nn.functional.interpolate(seeds, size=150, mode="bicubic").clamp(0, 1) * 255).round().byte()
    extractor = import_published(published, RECORD)[0]
    normalized = Preprocessing(
        size=[150, 150], template="arcface", mean=RECORD["input"]["mean"], std=RECORD["input"]["std"]
    )
    with torch.inference_mode():
        found = extractor.network(normalized(chips.float() / 255)).numpy()
    real = dlib.face_recognition_model_v1(str(published))
    expected = np.stack([real.compute_face_descriptor(chip.permute(1, 2, 0).numpy().copy()) for chip in chips])
    assert np.linalg.norm(expected[0] - expected[1]) > 0.1
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_gradients_are_those_of_finite_differences(published):
    network = import_published(published, RECORD)[0].network.double()
    random = torch.Generator().manual_seed(1)
    x = (torch.rand(1, 3, 150, 150, generator=random, dtype=torch.float64) - 0.5).requires_grad_()
    [gradient] = torch.autograd.grad(network(x).square().sum(), x)
    step = torch.randn(x.shape, generator=random, dtype=torch.float64)
    # So small that hardly one of a million features passes 0.
    with torch.no_grad():
        ahead, behind = (network(x + sign * 1e-9 * step).square().sum() for sign in (1, -1))
    assert float((gradient * step).sum()) == pytest.approx(float((ahead - behind) / 2e-9), rel=1e-4)


def _other_shape(data: bytes, arrays: dict) -> bytes:
    weight, bias = arrays["conv00.weight"], arrays["conv00.bias"]
    return data.replace(convolution(weight, bias), convolution(weight, bias, shape=(3, 2, 3, 2)))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda data, arrays: data[:200], "ends in the middle of a layer"),
        (lambda data, arrays: data[: data.rindex(b"fc_2") - 2], "has no last layer"),
        (lambda data, arrays: b"", "has no last layer"),
        (lambda data, arrays: b"<html>not found</html>", "has no last layer"),
        (lambda data, arrays: data + b"\x01\x02" * 5000, "something unknown"),
        (lambda data, arrays: b"\x00" * 2000 + data, "something unknown at byte 0"),
        (lambda data, arrays: data.replace(named("con_4") + b"\x01\x02", named("con_4") + b"\x01\x03"), "no array"),
        (lambda data, arrays: data.replace(named("con_4") + b"\x01", named("con_4") + b"\x0f"), "has no number"),
        (lambda data, arrays: scale(np.ones(2), np.ones(2)) + data, "scale that follows no convolution"),
        (_other_shape, "more parameters than 'conv00.bias' takes"),
    ],
)
def test_damaged_and_foreign_files_are_told_in_one_line(tmp_path, harm, told):
    path = tmp_path / "net.dat"
    path.write_bytes(harm(*small()))
    with pytest.raises(InputError, match=told) as error:
        dlib_file.read(path)
    assert re.fullmatch(rf"{re.escape(str(path))}: .*get the file again", str(error.value))


def test_an_array_of_absurd_size_is_not_made(tmp_path):
    path = tmp_path / "net.dat"
    path.write_bytes(named("con_4") + b"".join(map(number, (2, 2**40, 2**40, 1, 1))))
    with pytest.raises(InputError, match="no array"):
        dlib_file.read(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda arrays: arrays["conv00.gamma"].fill(np.nan), "'conv00.gamma' holds NaN"),
        (lambda arrays: None, "does not hold the weights of network dlib_resnet"),
    ],
)
def test_weights_of_another_network_of_dlib_are_refused(tmp_path, change, told):
    _, arrays = small()
    change(arrays)
    data = b"".join(
        convolution(*(arrays[f"conv0{i}.{part}"] for part in ("weight", "bias")))
        + scale(*(arrays[f"conv0{i}.{part}"] for part in ("gamma", "beta")))
        for i in range(2)
    )
    path = tmp_path / "net.dat"
    path.write_bytes(data + last(arrays["fc.weight"]))
    weights = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "format": "dlib"}
    with pytest.raises(InputError, match=told):
        import_published(path, {**RECORD, "weights": weights})
