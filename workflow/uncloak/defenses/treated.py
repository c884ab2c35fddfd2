"""Faces as a defense treats them, a batch at a time, as they are read."""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from uncloak.pictures.views import Faces, Made


def treated(faces: Faces, does: Mapping[str, Any]) -> Made:
    """Return a view of faces uint8 [N,S,S,3] as the defense's `method` with its `options` treats them."""
    method = import_module(f"uncloak.defenses.{does['method']}")
    return Made(partial(method.faces, options=method.Options(**does["options"])), faces)
