"""Files of published weights: checked by hash, read without running anything in the file."""

import hashlib
import os
import pickle
import zipfile
from collections.abc import Mapping

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable

_LEAST_DIGITS = 8


def check(path: str | os.PathLike, sha256: str, advice: str) -> None:
    """Check that there is a file at `path` and that it is the published one.

    sha256: its hash in hexadecimal, or at least the first eight digits of it; advice: where to get the file.
    Raises InputError where the file is missing, cannot be read or is another, or the hash too short.
    """
    check_readable(path, advice)
    if len(sha256) < _LEAST_DIGITS:
        raise InputError(f"{path}: has no hash to compare with; give its record's `weights` the sha256")
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(sha256.lower()):
        raise InputError(f"{path}: has sha256 {found[:12]}..., expected {sha256[:12]}...; get the file again")


def _read_torch(path: str | os.PathLike) -> Mapping:
    return torch.load(path, weights_only=True, map_location="cpu")


def _read_npz(path: str | os.PathLike) -> Mapping:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


_READERS = {"torch": _read_torch, "npz": _read_npz, "safetensors": load_file}


def read(path: str | os.PathLike, format: str) -> Mapping[str, torch.Tensor]:
    """Read parameters by name; format: "torch" (.pth, .pt, .ckpt), "npz" or "safetensors".

    Raises InputError for an unknown format, and where the file cannot be read, or not without unpickling objects.
    """
    if format not in _READERS:
        raise InputError(f"{path}: unknown format '{format}'; use one of {', '.join(_READERS)}")
    check_readable(path)
    damaged = (pickle.UnpicklingError, zipfile.BadZipFile, SafetensorError, RuntimeError, ValueError, EOFError, OSError)
    try:
        return _READERS[format](path)
    except damaged as error:
        raise unreadable(path, error, f"not a plain file of weights in format '{format}'") from None
