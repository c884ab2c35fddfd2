"""Files of weights of hostile shape: each is one line, and none is unpacked, allocated or run."""

import io
import json
import struct
import zipfile

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from uncloak.errors import InputError
from uncloak.extractors import published, weights
from uncloak.extractors.extractor import build

WHOLE = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
TEXT = b'{"descr": "<f4", "fortran_order": False, "shape": (%s)}'


def safetensors(header, data=bytes(16), size=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(header) if size is None else size) + header + data


def npz(header, data=b""):
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("a.npy", b"\x93NUMPY\x02\0" + struct.pack("<I", len(header)) + header + data)
    return file.getvalue()


HOSTILE = {
    "header.safetensors": safetensors(b"{}", size=1 << 62),
    "deep.safetensors": safetensors(b"[" * 100_000),
    "shape.safetensors": safetensors({"a": {**WHOLE, "shape": [1 << 40, 1 << 40]}}),
    "outside.safetensors": safetensors({"a": {**WHOLE, "data_offsets": [0, 1 << 50]}}),
    "dimensions.safetensors": safetensors({"a": {**WHOLE, "shape": [1] * 100 + [4]}}),
    "huge.npz": npz(TEXT % b"1099511627776,"),
    "wrapping.npz": npz(TEXT % b"4611686018427387904, 4"),
    "negative.npz": npz(TEXT % b"-1,", bytes(16)),
    "object.npz": npz(TEXT.replace(b"<f4", b"|O") % b"1,", b"\x80\4N."),
    "text.npz": npz(TEXT.replace(b"<f4", b"|S2147483647") % b"1000,"),
    "deep.npz": npz(b"(" * 5000),
    "code.npz": npz(b"{'descr': __import__('os').abort(), 'fortran_order': False, 'shape': (1,)}"),
    "bomb.npz": npz(TEXT.replace(b"<f4", b"|u1") % b"300000000,", bytes(300_000_000)),
    "array.npz": b"\x93NUMPY\x01\0\x10\0{'descr': '<f4'}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_weights_are_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(InputError) as caught:
        published.read(path, path.suffix[1:])
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "a.safetensors"
    seen = {"color": "rgb", "mean": [0.5] * 3, "std": [0.25] * 3, "size": [64, 64], "template": "arcface"}
    record = {"network": {"name": "inception", "width": 4}, "input": seen}
    weights.save(path, build(record), record, {})
    return path


def rewritten(path, metadata, folder):
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    save_file(tensors, folder / "a.safetensors", {"uncloak": metadata})
    return folder / "a.safetensors"


@pytest.mark.parametrize(
    "place", ["record", "record/network", "record/network/name", "record/input", "record/input/size"]
)
def test_a_record_of_hostile_shape_is_one_line(stored, tmp_path, place):
    for value in (None, 3, -1, "../../etc/passwd", [], {}, {"size": None}, 1e300, [1e300, 2]):
        metadata = inner = weights.read_metadata(stored)
        *above, last = place.split("/")
        for key in above:
            inner = inner[key]
        inner[last] = value
        path = rewritten(stored, json.dumps(metadata), tmp_path)
        with pytest.raises(InputError) as caught:
            weights.load(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_a_record_that_is_nested_too_deep_is_one_line(stored, tmp_path):
    with pytest.raises(InputError, match="not written by Uncloak"):
        weights.load(rewritten(stored, "[" * 100_000, tmp_path))
