"""Faces as a defense treats them, a batch at a time, as they are read."""

import os
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from uncloak.pictures.split import PROBE, read_split
from uncloak.pictures.stored import rows_of
from uncloak.pictures.views import Faces, Made, Stored
from uncloak.store import read_arrays


def treated(faces: Faces, does: Mapping[str, Any]) -> Made:
    """Return a view of faces uint8 [N,S,S,3] as the defense's `method` with its `options` treats them."""
    method = import_module(f"uncloak.defenses.{does['method']}")
    return Made(partial(method.faces, options=method.Options(**does["options"])), faces)


def to_embed(
    path: str | os.PathLike, does: Mapping[str, Any] | None, split: str | os.PathLike | None = None
) -> tuple[np.ndarray, Faces]:
    """Return the pictures of a file of faces, str [N], and a view of these faces uint8 [N,S,S,3].

    does: the defense that treats them; None where none does.
    split: of the dataset, whose probes are all that is taken; every face unless given.

    Raises InputError where a file is missing or damaged, or has no face of a probe.
    """
    (pictures,) = read_arrays(path, "picture")
    rows = None
    if split:
        table = read_split(split)
        pictures = table.loc[table["part"] == PROBE, "picture"].to_numpy(str)
        rows = rows_of(path, pictures)
    faces = Stored(path, rows)
    return pictures, treated(faces, does) if does else faces
