"""Keras' HDF5 files: the list of layers and the arrays by layer, read as data alone."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import h5py
import numpy as np
import torch

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable

# By the name of the layer that owns it inside a model ("" where the file does not say), and its own: "kernel", "gamma".
Arrays = Mapping[tuple[str, str], torch.Tensor]
_MOST_VALUES = 2**30


def read(path: str | os.PathLike) -> tuple[dict, dict[str, Arrays]]:
    """Read the configuration of a model that was saved whole, and its arrays float32 by layer.

    Raises InputError where the file is damaged, another, or holds weights alone.
    """
    with _opened(path) as file:
        text = file.attrs.get("model_config")
        if text is None or "model_weights" not in file:
            raise InputError(
                f"{path}: holds no list of layers (weights alone?); save the model whole, or take a network that has it"
            )
        try:
            config = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{path}: its list of layers is no JSON ({error}); get the file again") from None
        return config, _groups(path, file["model_weights"])


def read_weights(path: str | os.PathLike) -> dict[str, torch.Tensor]:
    """Read arrays float32, as LAYER/kernel and the like, in the order of the layers, from weights saved alone or whole.

    Raises InputError where the file is damaged or another.
    """
    with _opened(path) as file:
        groups = _groups(path, file.get("model_weights", file))
    return {
        "/".join(filter(None, (layer, owner if owner != layer else "", part))): value
        for layer, arrays in groups.items()
        for (owner, part), value in arrays.items()
    }


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[h5py.File]:
    """Open a file; what HDF5 finds wrong with it inside is told in one line."""
    check_readable(path)
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise unreadable(path, error, "not a HDF5 file") from None
    with file:
        try:
            yield file
        except InputError:
            raise
        except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError) as error:
            reason = " ".join(str(error).split())[:120]
            raise InputError(f"{path}: damaged, or not written by Keras ({reason}); get it again") from None


def _groups(path: str | os.PathLike, group: h5py.Group) -> dict[str, Arrays]:
    groups, left = {}, _MOST_VALUES
    for layer in _names(group, "layer_names"):
        arrays = groups[layer] = {}
        for name in _names(group[layer], "weight_names"):
            array = group[layer][name]
            parts = PurePosixPath(name.rsplit(":", 1)[0]).parts
            key = (parts[-2] if len(parts) > 1 else "", parts[-1])
            if not isinstance(array, h5py.Dataset) or key in arrays:
                raise InputError(f"{path}: array '{name}' of layer '{layer}' stands twice or is none")
            if array.external or Path(array.file.filename) != Path(path):
                raise InputError(f"{path}: array '{name}' of layer '{layer}' lies in another file, which is not read")
            left -= array.size
            if left < 0 or array.dtype.kind not in "fiu":
                raise InputError(f"{path}: array '{name}' of layer '{layer}' is absurdly large or holds no numbers")
            arrays[key] = torch.from_numpy(np.asarray(array[()], np.float32))
    return groups


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """Return the names in an attribute, which Keras cuts into numbered ones where it is long."""
    parts = [attribute] if attribute in group.attrs else []
    while not parts or (parts[-1] != attribute and f"{attribute}{len(parts)}" in group.attrs):
        parts.append(f"{attribute}{len(parts)}")
    names = [name for part in parts for name in group.attrs[part]]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]
