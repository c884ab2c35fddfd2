"""The pictures of the identities in a role, with digests of what they show.

Jobs that take such a table, and no picture that is not in it, depend on these identities alone: while it stays as it
is, so do their results, whatever happens to other people's pictures.
"""

import hashlib
import os

import numpy as np
import pandas as pd

from uncloak.pictures.split import in_role, no_probes
from uncloak.pictures.stored import read_faces
from uncloak.store import open_arrays, read_arrays

_AT_A_TIME = 1024  # faces


def list_role(
    split: pd.DataFrame, role: str, faces: str | os.PathLike, manifest: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the rows of a split's identities in a role, less probes, sorted by picture, with two columns more.

    `photograph` is the SHA-256 of the file (empty without a manifest), `face` that of the aligned face and, where they
    are known, of its landmarks, which attacks on photographs go by.

    Args:
        split: columns picture, identity, part and role.
        role: user, public, detector or background.
        faces: HDF5 file of aligned faces, with an array landmarks or without.
        manifest: columns picture and sha256.

    Raises InputError where the file is missing or damaged, or has no face of a picture.
    """
    table = no_probes(in_role(split, role)).sort_values("picture", ignore_index=True)
    pictures = table["picture"].to_numpy(str)
    files = "" if manifest is None else manifest.set_index("picture")["sha256"].reindex(pictures, fill_value="").array
    return table.assign(photograph=files, face=_digests(faces, pictures))


def _digests(path: str | os.PathLike, pictures: np.ndarray) -> list[str]:
    landmarks = _landmarks(path, pictures)
    digests = []
    for start in range(0, len(pictures), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        for face, points in zip(read_faces(path, pictures[part]), landmarks[part], strict=True):
            digests.append(hashlib.sha256(face.tobytes() + points.tobytes()).hexdigest())
    return digests


def _landmarks(path: str | os.PathLike, pictures: np.ndarray) -> np.ndarray:
    with open_arrays(path) as file:
        known = "landmarks" in file
    if not known:
        return np.empty((len(pictures), 0), np.float32)
    stored, landmarks = read_arrays(path, "picture", "landmarks")
    return landmarks[pd.Index(stored).get_indexer(pictures)]
