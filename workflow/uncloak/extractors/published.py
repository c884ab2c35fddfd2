"""Files of published weights: checked by hash, read without running anything in the file."""

import hashlib
import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from safetensors.torch import load_file

from uncloak.errors import InputError
from uncloak.extractors import dlib_file, keras_file
from uncloak.files import check_readable, unreadable

_LEAST_DIGITS = 8
# What an archive may unpack to: bytes, and more where it is not many times as small; weights hardly pack at all.
_MUCH = 2**28
_MOST_UNPACKED = 100
# Where training scripts keep the parameters, beside whatever else they save.
_NESTED = ("state_dict", "model_state_dict", "net_state_dict", "model", "net")
# What DataParallel puts before every name.
_WRAPPED = "module."
_NUMBERS = {
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
}


def check(path: str | os.PathLike, sha256: str, advice: str) -> None:
    """Check that there is a file at `path` and that it is the published one.

    sha256: its hash in hexadecimal, or at least the first eight digits of it; advice: where to get the file.
    Raises InputError where the file is missing, cannot be read or is another, or the hash is missing or too short.
    """
    check_readable(path, advice)
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if len(sha256) < _LEAST_DIGITS:
        raise InputError(
            f"{path}: has no hash to compare with; if you trust where it is from, write into its record's `weights`:"
            f" sha256: {found}"
        )
    if not found.startswith(sha256.lower()):
        raise InputError(f"{path}: has sha256 {found[:12]}..., expected {sha256[:12]}...; get the file again")


def _read_torch(path: str | os.PathLike) -> Mapping:
    return torch.load(path, weights_only=True, map_location="cpu")


def _read_npz(path: str | os.PathLike) -> Mapping:
    with np.load(path, allow_pickle=False) as arrays:
        size = sum(part.file_size for part in arrays.zip.infolist())
        if size > max(_MUCH, _MOST_UNPACKED * os.stat(path).st_size):
            raise InputError(f"{path}: unpacks to {size / 1e9:.0f} GB, many times its size; get weights elsewhere")
        return {name: _tensor(arrays[name]) for name in arrays.files}


def _tensor(array: np.ndarray) -> torch.Tensor | np.ndarray:
    try:
        return torch.from_numpy(array)
    except TypeError:  # text, times or records, which have no place among parameters and are told by name
        return array


def _read_dlib(path: str | os.PathLike) -> Mapping:
    return {name: torch.from_numpy(array) for name, array in dlib_file.read(path).items()}


_READERS = {
    "torch": _read_torch,
    "npz": _read_npz,
    "safetensors": load_file,
    "dlib": _read_dlib,
    "keras": keras_file.read_weights,
}


def read(path: str | os.PathLike, format: str, drop: Sequence[str] = ()) -> dict[str, torch.Tensor]:
    """Read parameters by name.

    format: "torch" (.pth, .pt, .ckpt), "npz", "safetensors", "dlib" (.dat) or "keras" (.h5).
    Parameters may lie in a checkpoint under a usual key (`state_dict`, `model`, ...), with `module.` before all names.
    drop: tensors to leave out, by their names or the dotted beginnings of these.

    Raises InputError for an unknown format, where the file cannot be read, or not without unpickling objects, where
    what is to be dropped is not there, and where what is left is no finite tensor of plain numbers, by its name.
    """
    if format not in _READERS:
        raise InputError(f"{path}: unknown format '{format}'; use one of {', '.join(_READERS)}")
    check_readable(path)
    try:
        state = _without(path, _unwrapped(path, _READERS[format](path)), drop)
        check_numbers(path, state)
    except InputError:
        raise
    except Exception as error:  # whatever a library says of what somebody wrote; none has a list of it
        raise unreadable(path, error, f"not a plain file of weights in format '{format}'") from None
    return state


def _unwrapped(path: str | os.PathLike, content: object) -> dict[str, object]:
    while isinstance(content, Mapping):
        inside = [key for key in _NESTED if isinstance(content.get(key), Mapping)]
        if not inside:
            names = [str(name) for name in content]
            cut = len(_WRAPPED) if names and all(name.startswith(_WRAPPED) for name in names) else 0
            return {name[cut:]: value for name, value in zip(names, content.values(), strict=True)}
        if len(inside) > 1:
            raise InputError(f"{path}: holds parameters under {' and '.join(inside)}; save those that you mean alone")
        content = content[inside[0]]
    raise InputError(f"{path}: holds a {type(content).__name__}, not parameters by name; save a state_dict")


def _without(path: str | os.PathLike, state: Mapping[str, object], drop: Sequence[str]) -> dict[str, object]:
    for wanted in drop:
        if not any(_begins(name, wanted) for name in state):
            raise InputError(f"{path}: has no tensor '{wanted}' to drop; correct its record's weights.drop")
    return {name: value for name, value in state.items() if not any(_begins(name, wanted) for wanted in drop)}


def _begins(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}.")


def check_numbers(path: str | os.PathLike, state: Mapping[str, object]) -> None:
    """Raise InputError, by its name, for what is no tensor of finite plain numbers among the parameters of a file."""
    for name, value in state.items():
        if not isinstance(value, torch.Tensor):
            raise InputError(
                f"{path}: '{name}' is no tensor but a {type(value).__name__}; name it in its record's weights.drop"
            )
        if value.is_quantized or value.dtype not in _NUMBERS:
            raise InputError(f"{path}: tensor '{name}' is of dtype {value.dtype}; take the weights before quantization")
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise InputError(f"{path}: tensor '{name}' holds NaN or infinite values; get the file again")


def unchanged(state: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """Return published parameters whose names are the network's own: the `translate` of a library's network."""
    return state
