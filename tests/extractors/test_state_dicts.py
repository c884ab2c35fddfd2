"""State dicts as people have them: nested, wrapped, with extra heads; and what is wrong with one, told by its name."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from extractor_records import RECORDS
from published_files import HALF, imported, published_file

from uncloak.errors import InputError
from uncloak.extractors import published
from uncloak.extractors.importing import import_published

NETWORK = {"name": "timm", "model": "resnet10t", "dimension": 7}
WRAPPINGS = {
    "plain": lambda state: state,
    "DataParallel": lambda state: {f"module.{name}": value for name, value in state.items()},
    "nested": lambda state: {"epoch": 68, "optimizer": {"lr": 0.1}, "state_dict": state},
    "nested twice": lambda state: {"model": {"state_dict": {f"module.{name}": v for name, v in state.items()}}},
    "called so by its author": lambda state: {"epoch": 68, "net_state_dict": state},
}


@pytest.fixture(scope="module")
def state():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return dict(timm.create_model("resnet10t", num_classes=7).state_dict())


def assert_held(extractor, state):
    own = extractor.network.state_dict()
    assert own.keys() == state.keys()
    assert all(torch.equal(own[name], state[name].to(own[name].dtype)) for name in state)


@pytest.mark.parametrize(
    ("wrapping", "suffix"),
    [
        *((wrapping, ".pth") for wrapping in WRAPPINGS),
        *((wrapping, suffix) for wrapping in ("plain", "DataParallel") for suffix in (".safetensors", ".npz")),
    ],
)
def test_parameters_are_found_wherever_they_are(wrapping, suffix, state, tmp_path):
    wrapped = WRAPPINGS[wrapping](state)
    assert_held(imported(tmp_path / f"file{suffix}", wrapped, NETWORK, 32), state)


def test_heads_are_left_out_by_name(state, tmp_path):
    heads = {"head.weight": torch.zeros(3), "head.1.weight": torch.zeros(3), "header": torch.zeros(3)}
    published = {"state_dict": {f"module.{name}": value for name, value in {**state, **heads}.items()}}
    assert_held(imported(tmp_path / "file.pth", published, NETWORK, 32, drop=["head", "header"]), state)
    with pytest.raises(InputError, match=r"tensor 'header' is extra: .* named in weights\.drop"):
        imported(tmp_path / "file.pth", published, NETWORK, 32, drop=["head"])
    with pytest.raises(InputError, match="has no tensor 'heads' to drop"):
        imported(tmp_path / "file.pth", published, NETWORK, 32, drop=["head", "header", "heads"])


def test_half_precision_becomes_single(state, tmp_path):
    half = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    extractor = imported(tmp_path / "file.safetensors", half, NETWORK, 32)
    assert_held(extractor, half)
    assert {value.dtype for value in extractor.parameters()} == {torch.float32}


def changed(**values: object):
    def change(state: dict) -> dict:
        result = {**state, **values}
        return {name: value for name, value in result.items() if value is not None}

    return change


def quantized(state):
    return torch.quantize_per_tensor(state["fc.weight"], 0.1, 0, torch.qint8)


FAULTS = {
    "missing": (lambda s: changed(**{"fc.bias": None})(s), r"tensor 'fc\.bias' is missing\); name the file"),
    "extra": (lambda s: changed(**{"fc2.bias": torch.zeros(2)})(s), "tensor 'fc2.bias' is extra"),
    "both": (lambda s: changed(**{"fc.bias": None, "x": torch.zeros(2)})(s), "'fc.bias' is missing, 'x' is extra"),
    "shape": (
        lambda s: changed(**{"fc.bias": torch.zeros(8)})(s),
        r"tensor 'fc\.bias' has shape \[8\], not \[7\]",
    ),
    "nan": (
        lambda s: changed(**{"fc.bias": torch.tensor([0.0] * 6 + [float("nan")])})(s),
        "tensor 'fc.bias' holds NaN or infinite values",
    ),
    "infinite": (
        lambda s: changed(**{"fc.bias": torch.full((7,), -torch.inf, dtype=torch.float16)})(s),
        "tensor 'fc.bias' holds NaN or infinite values",
    ),
    "integer": (
        lambda s: changed(**{"fc.bias": torch.zeros(7, dtype=torch.int8)})(s),
        "tensor 'fc.bias' is of dtype torch.int8, not torch.float32",
    ),
    "quantized": (lambda s: changed(**{"fc.weight": quantized(s)})(s), "tensor 'fc.weight' is of dtype torch.qint8"),
    "8 bits": (
        lambda s: changed(**{"fc.bias": torch.zeros(7).to(torch.float8_e4m3fn)})(s),
        "tensor 'fc.bias' is of dtype torch.float8_e4m3fn; take the weights before quantization",
    ),
    "complex": (
        lambda s: changed(**{"fc.bias": torch.zeros(7, dtype=torch.complex64)})(s),
        "tensor 'fc.bias' is of dtype torch.complex64",
    ),
    "no tensor": (lambda s: changed(epoch=3)(s), r"'epoch' is no tensor but a int; name it in .*weights\.drop"),
    "two models": (lambda s: {"model": s, "state_dict": s}, "holds parameters under state_dict and model"),
    "no mapping": (lambda s: [s["fc.bias"]], "holds a list, not parameters by name"),
    "empty": (lambda s: {}, "is missing"),
}


@pytest.mark.filterwarnings("ignore:.*quantiz", "ignore:TypedStorage")
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_told_in_one_line_with_its_name(fault, state, tmp_path):
    change, words = FAULTS[fault]
    with pytest.raises(InputError, match=words) as error:
        imported(tmp_path / "file.pth", change(state), NETWORK, 32)
    assert "\n" not in str(error.value)
    assert str(tmp_path / "file.pth") in str(error.value)


@pytest.mark.parametrize("array", [np.array(["text"]), np.array(["2021-01-19"], "datetime64[D]")])
def test_arrays_that_are_no_numbers_are_told_by_name(array, tmp_path):
    np.savez(tmp_path / "file.npz", note=array)
    with pytest.raises(InputError, match=r"'note' is no tensor but a ndarray; name it in .*weights\.drop"):
        published.read(tmp_path / "file.npz", "npz")
    assert published.read(tmp_path / "file.npz", "npz", ["note"]) == {}


@pytest.mark.parametrize("name", RECORDS)
def test_every_renamed_network_tells_a_foreign_tensor(name, tmp_path):
    """As the three published networks that we build ourselves have it: nothing is dropped silently."""
    record = RECORDS[name]
    state = {"foreign.conv.weight": torch.zeros(2), "fc.weight": torch.zeros(2)}
    path, sha256 = published_file(tmp_path / "file.pth", state)
    with pytest.raises(InputError, match="does not hold the weights of network"):
        import_published(path, {**record, "weights": {"sha256": sha256, "format": "torch"}})


class Planted:
    def __init__(self, victim: Path):
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("place", ["a parameter", "the checkpoint", "what would be dropped"])
def test_a_pickle_with_code_is_refused_and_never_runs(place, state, tmp_path):
    planted = Planted(tmp_path / "executed")
    content = {
        "a parameter": {**state, "fc.bias": planted},
        "the checkpoint": {"state_dict": state, "args": planted},
        "what would be dropped": {**state, "head": planted},
    }[place]
    with pytest.raises(InputError, match="not a plain file of weights") as error:
        imported(tmp_path / "file.pth", content, NETWORK, 32, drop=["head"] if "drop" in place else [])
    assert "\n" not in str(error.value)
    assert not (tmp_path / "executed").exists()
    torch.load(tmp_path / "file.pth", weights_only=False)
    assert (tmp_path / "executed").exists(), "the trap itself must work"


def test_a_record_without_a_hash_is_told_the_files_own(state, tmp_path):
    path, sha256 = published_file(tmp_path / "file.pth", state)
    with pytest.raises(InputError, match=f"has no hash to compare with; if you trust .*: sha256: {sha256}$"):
        imported(path, state, NETWORK, 32, sha256=None)
    with pytest.raises(InputError, match="has no hash to compare with"):
        published.check(path, sha256[:7], "")
    # As torchvision names its files.
    with_digits = path.rename(tmp_path / f"file-{sha256[:8]}.pth")
    input = {"size": [32, 32], "template": "arcface", **HALF}
    assert_held(import_published(with_digits, {"network": NETWORK, "input": input})[0], state)
