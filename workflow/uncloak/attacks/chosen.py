"""The targets that were chosen for pictures (`uncloak.attacks.targets`)."""

import os
from collections.abc import Sequence

import numpy as np

from uncloak.pictures.stored import read_faces
from uncloak.tables import read_table


def read_targets(
    table: str | os.PathLike, faces: str | os.PathLike, pictures: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the targets of N pictures: ids str [N], and faces uint8 [N,S,S,3].

    Args:
        table: CSV file with the columns picture and target.
        faces: HDF5 file of faces that has the targets.
        pictures: ids.

    Raises InputError where a file is missing or damaged, or has no target's face.
    """
    targets = read_table(table, "picture", "target").set_index("picture")["target"][list(pictures)].to_numpy(str)
    return targets, read_faces(faces, targets)
