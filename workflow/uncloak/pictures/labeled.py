"""Faces together with whose they are."""

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from uncloak.pictures import views
from uncloak.pictures.names import identities_of
from uncloak.pictures.stored import rows_of
from uncloak.store import read_arrays


@dataclass(frozen=True)
class Faces:
    """Faces uint8 [N,S,S,3], an array or a view, with their pictures' ids and identities, text [N] both."""

    faces: views.Faces
    pictures: np.ndarray
    identities: np.ndarray

    def where(self, kept: np.ndarray) -> "Faces":
        """Return the faces where `kept` (bool [N], or rows) says so."""
        return Faces(views.picked(self.faces, kept), self.pictures[kept], self.identities[kept])


def join(*groups: Faces) -> Faces:
    """Put groups of faces one after the other."""
    return Faces(
        views.joined([group.faces for group in groups]),
        *(np.concatenate([getattr(group, name) for group in groups]) for name in ("pictures", "identities")),
    )


def read_labeled(path: str | os.PathLike, rows: pd.DataFrame) -> Faces:
    """Read the faces of these rows of a split (columns picture and identity), in their order, from a file of faces.

    Raises InputError where the file is missing or damaged, or has no face of a picture.
    """
    found = view_labeled(path, rows)
    return Faces(found.faces[:], found.pictures, found.identities)


def view_labeled(path: str | os.PathLike, rows: pd.DataFrame) -> Faces:
    """Find what `read_labeled` reads; faces are read when they are asked for."""
    pictures = rows["picture"].to_numpy(str)
    return Faces(views.Stored(path, rows_of(path, pictures)), pictures, rows["identity"].to_numpy(str))


def read_all_labeled(path: str | os.PathLike) -> Faces:
    """Read all faces of a file; raises InputError where it is missing or damaged."""
    faces, pictures = read_arrays(path, "faces", "picture")
    return Faces(faces, pictures, identities_of(pictures))
