"""Faces as a defense treats them, slice by slice, as they are read."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np


class Treated:
    """Faces uint8 [N,S,S,3] of a file or an array, each slice treated when it is asked for."""

    def __init__(self, faces: Any, does: Mapping[str, Any]):
        """Keep `faces`, and what is done to them: the defense's `method` and its `options`."""
        self._faces, method = faces, import_module(f"uncloak.defenses.{does['method']}")
        self._treat, self._options = method.faces, method.Options(**does["options"])

    @property
    def shape(self) -> tuple[int, ...]:
        return self._faces.shape

    @property
    def dtype(self) -> np.dtype:
        return self._faces.dtype

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self._treat(np.asarray(self._faces[rows]), self._options)
