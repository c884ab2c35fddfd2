"""Faces by picture, from the files that other stages wrote."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.store import open_arrays, read_arrays


def posted_pictures(split: str | os.PathLike) -> np.ndarray:
    """Return the ids, str [N] in sorted order, of the gallery pictures of the users: those that attacks perturb."""
    table = pd.read_csv(split, dtype=str, keep_default_na=False)
    return np.sort(table.loc[(table["role"] == "user") & (table["part"] == "gallery"), "picture"].to_numpy(str))


def read_faces(path: str | os.PathLike, pictures: Sequence[str]) -> np.ndarray:
    """Read the faces uint8 [N,S,S,3] of these N pictures, in this order, from an HDF5 file of faces.

    Raises InputError where the file is missing or damaged, or has no face of a picture.
    """
    (stored,) = read_arrays(path, "picture")
    rows = pd.Index(stored).get_indexer(np.asarray(pictures, dtype=object))
    absent = np.asarray(pictures)[rows < 0]
    if len(absent):
        raise InputError(
            f"{path}: has no face of picture '{absent[0]}' ({len(absent)} missing); delete it and run again"
        )
    with open_arrays(path) as file:
        # HDF5 wants each row once and in rising order.
        wanted, places = np.unique(rows, return_inverse=True)
        return file["faces"][wanted][places]
