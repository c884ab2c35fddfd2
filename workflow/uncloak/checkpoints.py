"""How far a long job has come, kept beside its output, so that a killed one goes on where it was."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

from uncloak.files import beside

logger = logging.getLogger(__name__)

_KEY = "uncloak"


class Kept(NamedTuple):
    """What a checkpoint holds: tensors by name, and JSON values."""

    tensors: dict[str, "torch.Tensor"]
    told: dict[str, Any]


class Checkpoint:
    """The file OUTPUT.checkpoint, written whole or not at all, and gone when the job is done.

    Args:
        output: what the job makes.
        made: text that differs wherever the output would: record, seed, code, inputs, how it is computed. What another
            job has kept is not taken up.
        seconds: from one `write` to the next.
    """

    def __init__(self, output: str | os.PathLike, made: str, seconds: float = 300.0):
        self.path = Path(f"{output}.checkpoint")
        # Of one name, so that it does not stay behind where the job is killed while it writes.
        self._unfinished = beside(self.path, ".")
        self._made, self._seconds, self._written = made, seconds, time.monotonic()

    def due(self) -> bool:
        """Return whether it is time to `write`."""
        return time.monotonic() - self._written >= self._seconds

    def write(self, tensors: Mapping[str, "torch.Tensor"], told: Mapping[str, Any]) -> None:
        """Keep tensors and JSON values; a disk that takes nothing costs a line in the log, not the job."""
        import torch
        from safetensors.torch import save

        kept = {
            name: value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
            for name, value in tensors.items()
        }
        text = json.dumps({"made": self._made, "told": told}, sort_keys=True)
        content = save(kept, {_KEY: text, "sum": _sum(kept, text)})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._unfinished.unlink(missing_ok=True)  # a link would be written through
            self._unfinished.write_bytes(content)
            os.replace(self._unfinished, self.path)
        except OSError as error:
            logger.warning("%s: not written (%s); a killed job will begin anew", self.path, error)
        self._written = time.monotonic()

    def read(self) -> Kept | None:
        """Return what the same job has kept; None where there is nothing, or it is damaged or another job's."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt", device="cpu") as file:
                about = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError) as error:
            logger.warning("%s: damaged (%s); beginning anew", self.path, error)
            return None
        text = about.get(_KEY, "")
        if about.get("sum") != _sum(tensors, text):
            logger.warning("%s: damaged (its sum is another); beginning anew", self.path)
            return None
        found = json.loads(text)
        if found["made"] != self._made:
            logger.info("%s: of another record, seed, code, input or machine; beginning anew", self.path)
            return None
        return Kept(tensors, found["told"])

    def remove(self) -> None:
        """Leave nothing behind."""
        self._unfinished.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def _sum(tensors: Mapping[str, "torch.Tensor"], text: str) -> str:
    import torch

    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()
