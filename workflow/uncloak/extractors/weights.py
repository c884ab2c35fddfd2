"""Weights on disk: one safetensors file per extractor, from which alone it can be rebuilt.

Torch is imported where weights are really read or written, so that tables and figures can read the metadata without it.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable
from uncloak.writing import atomic

if TYPE_CHECKING:
    import torch

    from uncloak.extractors.extractor import Extractor

# All metadata is one JSON text, because safetensors writes several keys in an order that changes from run to run.
_KEY = "uncloak"
# Before the names of what is kept beside the network; a module's name could not have a slash.
_BESIDE = "text/"
_MEND = "delete it and run again"
_SAID = 200


def save(
    path: str | os.PathLike,
    extractor: "Extractor",
    record: Mapping,
    metadata: Mapping[str, Any],
    tower: "torch.nn.Module | None" = None,
):
    """Write the network's weights with `record` (network and input at least) and further `metadata`, JSON values both.

    tower: the text tower (`uncloak.extractors.text_tower.TextTower`) that it was trained with, kept for more training.
    The file is written whole or not at all, and is byte-identical for equal weights, record and metadata.
    """
    import torch
    from safetensors.torch import save as to_bytes

    state = extractor.network.state_dict()
    if tower is not None:
        state |= {_BESIDE + name: value for name, value in tower.state_dict().items()}
        metadata = {**metadata, "text_tower": tower.options}
    tensors = {
        name: value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, value in state.items()
    }
    text = json.dumps({**metadata, "record": record}, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic(path) as temporary:
        temporary.write_bytes(to_bytes(tensors, {_KEY: text}))


def load(
    path: str | os.PathLike, device: str = "cpu", build: Callable[[Mapping], "Extractor"] | None = None
) -> "Extractor":
    """Rebuild the extractor of a file written by `save`, on `device`, frozen and in evaluation mode.

    build: makes it of its record; `uncloak.extractors.extractor.build` unless given.
    Raises InputError where the file is missing, truncated or foreign, or its weights do not fit its record's network.
    """
    if build is None:
        from uncloak.extractors.extractor import build
    record = read_metadata(path)["record"]
    with rebuilding(path):
        extractor = build(record)
    state = tensors(path)
    expected = {name: (value.dtype, value.shape) for name, value in extractor.network.state_dict().items()}
    found = {name: (value.dtype, value.shape) for name, value in state.items()}
    if expected != found:
        wrong = min(name for name, _ in expected.items() ^ found.items())
        raise InputError(f"{path}: its weights do not fit network {record['network']['name']} (at '{wrong}'); {_MEND}")
    extractor.network.load_state_dict(state, strict=True)
    return extractor.freeze().to(device)


@contextmanager
def rebuilding(path: str | os.PathLike) -> Iterator[None]:
    """Raise InputError, one line, where what a file says of its network, or holds of it, builds none."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}; {_MEND}") from None
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_SAID]
        raise InputError(f"{path}: what it says of its network builds none ({reason}); {_MEND}") from error


def tensors(path: str | os.PathLike, beside: bool = False) -> dict[str, "torch.Tensor"]:
    """Read the network's weights from a file written by `save`, by name; or those of the text tower `beside` it.

    Raises InputError as `read_metadata` does.
    """
    read_metadata(path)
    with safe_open(path, framework="pt", device="cpu") as file:
        names = [name for name in file.keys() if name.startswith(_BESIDE) == beside]  # noqa: SIM118 - it is no mapping
        return {name.removeprefix(_BESIDE): file.get_tensor(name) for name in names}


def read_metadata(path: str | os.PathLike) -> dict[str, Any]:
    """Read what `save` was told about the extractor: its `record` and the further metadata. Does not import torch.

    Raises InputError where the file is missing, cannot be read, is truncated or foreign.
    """
    check_readable(path)
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_KEY)
    except OSError as error:
        raise unreadable(path, error) from None
    except SafetensorError as error:
        raise InputError(f"{path}: truncated or not a safetensors file; {_MEND} ({error})") from None
    try:
        metadata = json.loads(text)
        metadata["record"]["network"]["name"]
    except (TypeError, KeyError, ValueError, RecursionError):
        raise InputError(f"{path}: not written by Uncloak (no extractor's record in it); {_MEND}") from None
    return metadata
