"""Faces together with whose they are."""

import os
from collections.abc import Sequence
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

    def of(self, pictures: Sequence[str]) -> views.Faces:
        """Return the faces of these pictures, in this order; all must be here."""
        row = {picture: number for number, picture in enumerate(self.pictures.tolist())}
        return views.picked(self.faces, np.array([row[picture] for picture in pictures], dtype=np.int64))


def join(*groups: Faces) -> Faces:
    """Put groups of faces one after the other."""
    return Faces(
        views.joined([group.faces for group in groups]),
        *(np.concatenate([getattr(group, name) for group in groups]) for name in ("pictures", "identities")),
    )


def view_labeled(path: str | os.PathLike, rows: pd.DataFrame) -> Faces:
    """Find the faces of these rows of a split (columns picture and identity), in their order, in a file of faces.

    They are read when they are asked for. Raises InputError where the file is missing or damaged, or has no face of a
    picture.
    """
    pictures = rows["picture"].to_numpy(str)
    return Faces(views.Stored(path, rows_of(path, pictures)), pictures, rows["identity"].to_numpy(str))


def view_all_labeled(path: str | os.PathLike) -> Faces:
    """Find all faces of a file, which are read when they are asked for; raises InputError as `view_labeled` does."""
    (pictures,) = read_arrays(path, "picture")
    return Faces(views.Stored(path), pictures, identities_of(pictures))
