"""Published weights: checked by hash, read without running anything in the file, brought to our own parameter names."""

import hashlib
import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from uncloak.errors import InputError
from uncloak.extractors.extractor import Extractor, build, network_module


def _read_torch(path: Path) -> Mapping:
    return torch.load(path, weights_only=True, map_location="cpu")


def _read_npz(path: Path) -> Mapping:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


_READERS = {"torch": _read_torch, "npz": _read_npz}


def import_published(source_path: str | os.PathLike, sha256: str, format: str, record: Mapping) -> Extractor:
    """Build the extractor of `record` with the published weights in `source_path`, frozen and in evaluation mode.

    sha256: expected hash of the file, in hexadecimal; format: "torch" (.ckpt, .pt) or "npz"; record: as for
    `extractor.build`, and record["source"]["origin"] says where the file is to be had.
    Raises InputError where the file is missing, has another hash, cannot be read without unpickling objects, or does
    not hold the weights of the record's network.
    """
    path = Path(source_path)
    if format not in _READERS:
        raise InputError(f"{path}: unknown format '{format}'; use one of {', '.join(_READERS)}")
    if not path.is_file():
        origin = record.get("source", {}).get("origin", "see resources/README.md")
        raise InputError(f"{path}: no such file; get it from: {origin}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        raise InputError(f"{path}: has sha256 {found[:12]}..., expected {sha256[:12]}...; get the file again")
    extractor = build(record)
    name = record["network"]["name"]
    translate = getattr(network_module(name), "translate", None)
    if translate is None:
        raise InputError(f"network {name}: has no published weights to import; train it")
    try:
        state = _READERS[format](path)
    except (pickle.UnpicklingError, zipfile.BadZipFile, RuntimeError, ValueError, EOFError, OSError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{path}: not a plain file of weights in format '{format}' ({reason})") from None
    try:
        extractor.network.load_state_dict(translate(state), strict=True)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: does not hold the weights of network {name} ({reason})") from None
    return extractor.freeze()
