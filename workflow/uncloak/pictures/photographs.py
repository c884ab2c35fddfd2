"""Photographs of a dataset, and where the faces in them were found."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from uncloak.pictures.manifest import files_of, read_manifest
from uncloak.pictures.stored import read_face_size, read_landmarks, read_margin


class Photographs(NamedTuple):
    """Some photographs.

    Attributes:
        pictures: ids "IDENTITY/STEM" of the N photographs.
        files: theirs, which may be turned by EXIF.
        landmarks: float [N,5,2], (x, y) in pixels of the upright photographs.
        face_size: side in pixels of the dataset's aligned faces.
        margin: what these show beyond the standard crop, in its pixels.
    """

    pictures: Sequence[str]
    files: Sequence[Path]
    landmarks: np.ndarray
    face_size: int
    margin: int = 0


def read_photographs(
    pictures: Sequence[str], manifest: str | os.PathLike, root: str | os.PathLike, faces: str | os.PathLike
) -> Photographs:
    """Return these pictures' photographs, of a dataset with this manifest, folder and file of aligned faces.

    Raises InputError where a file is missing or damaged, or has no such picture.
    """
    files = files_of(read_manifest(manifest), root, pictures)
    points, crop = read_landmarks(faces, pictures), (read_face_size(faces), read_margin(faces))
    return Photographs(list(map(str, pictures)), files, points, *crop)
