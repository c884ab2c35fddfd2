"""The pictures of the identities in a role, with digests of what they show.

Jobs that take such a table, and no picture that is not in it, depend on these identities alone: while it stays as it
is, so do their results, whatever happens to other people's pictures.
"""

import hashlib
import os
from collections.abc import Sequence

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

    `photograph` is the SHA-256 of the file (empty without a manifest), `face` that of all that the file of faces says
    of a picture: the face, and, where it has them, its landmarks and its caption.

    Args:
        split: columns picture, identity, part and role.
        role: user, public, detector or background.
        faces: HDF5 file with arrays faces uint8 [N,S,S,3] and picture [N], and any others [N,...].
        manifest: columns picture and sha256.

    Raises InputError where the file is missing or damaged, or has no face of a picture.
    """
    table = no_probes(in_role(split, role)).sort_values("picture", ignore_index=True)
    pictures = table["picture"].to_numpy(str)
    files = "" if manifest is None else manifest.set_index("picture")["sha256"].reindex(pictures, fill_value="").array
    return table.assign(photograph=files, face=_digests(faces, pictures))


def _digests(path: str | os.PathLike, pictures: np.ndarray) -> list[str]:
    with open_arrays(path) as file:
        names = sorted(set(file) - {"faces", "picture"})
    stored, *arrays = read_arrays(path, "picture", *names)
    rows = pd.Index(stored).get_indexer(pictures)
    digests = []
    # Some at a time: a role may have more faces than there is memory for.
    for start in range(0, len(pictures), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        said = [read_faces(path, pictures[part]), *(values[rows[part]] for values in arrays)]
        digests += [_digest(values) for values in zip(*said, strict=True)]
    return digests


def _digest(values: Sequence[np.ndarray | np.generic]) -> str:
    return hashlib.sha256(b"".join(np.asarray(value).tobytes() for value in values)).hexdigest()
