"""Faces by picture, from the files that other stages wrote, and which of them attacks perturb."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.files import unreadable
from uncloak.pictures.names import identities_of
from uncloak.pictures.split import USER, in_role, no_probes, read_split
from uncloak.seeds import generator
from uncloak.store import MEND, open_arrays, read_arrays, read_attributes

# Of pictures of an external attack that is there in part: which they show, and "clean" or "dropped" of those without a
# file, else nothing.
SHOWN, MISSING = "shown", "missing"
_LARGEST_GAP = 16  # faces, as many as a chunk of the file holds
_BLOCK = 4096


def posted_pictures(split: str | os.PathLike) -> np.ndarray:
    """Return the ids, str [N] in sorted order, of the gallery pictures of the users: those that attacks perturb."""
    return pictures_to_perturb(split, 0, USER)


def pictures_to_perturb(
    split: str | os.PathLike, seed: int, role: str, identities: int | None = None, pictures: int | None = None
) -> np.ndarray:
    """Return the ids, str [N] in sorted order, of pictures of this role to be perturbed, never probes.

    Args:
        split: CSV file with the columns picture, identity, part and role.
        seed: of the experiment; it draws the order of the identities and that of each one's pictures.
        role: user, public or detector.
        identities: how many, the first in `identity_order`; all unless given.
        pictures: at most so many of each identity, the first in an order that depends on the identity's name and its
            pictures alone; all unless given.

    Raises InputError where there are fewer identities of this role.
    """
    table = no_probes(in_role(read_split(split), role))
    order = identity_order(table["identity"].to_numpy(str), seed, role)
    if identities is not None and identities > len(order):
        raise InputError(
            f"{split}: {identities} {role} identities are to be perturbed, but it has {len(order)}; lower the number"
        )
    chosen = [
        generator(seed, f"{role} pictures", identity).permutation(np.sort(own.to_numpy(str)))[:pictures]
        for identity, own in table.groupby("identity")["picture"]
        if identity in set(order[:identities])
    ]
    return np.sort(np.concatenate(chosen)) if chosen else np.array([], dtype=str)


def shard(pictures: np.ndarray, item: str, whole: bool = False) -> np.ndarray:
    """Return the pictures of one of several jobs, such as "2-of-3": every third, from the second.

    whole: every third person, with all pictures. There may be none.
    """
    number, count = map(int, item.split("-of-"))
    if not whole:
        return pictures[number - 1 :: count]
    people = identities_of(pictures)
    return pictures[np.isin(people, np.unique(people)[number - 1 :: count])]


def identity_order(identities: np.ndarray, seed: int, role: str) -> np.ndarray:
    """Return the distinct names among `identities` (str [N]) in an order drawn for this role, whose beginnings nest."""
    return generator(seed, role).permutation(np.unique(identities))


def read_faces(path: str | os.PathLike, pictures: Sequence[str]) -> np.ndarray:
    """Read the faces uint8 [N,S,S,3] of these N pictures, in this order, from an HDF5 file of faces.

    Raises InputError where the file is missing or damaged, or has no face of a picture.
    """
    return read_rows(path, rows_of(path, pictures))


def read_rows(path: str | os.PathLike, rows: np.ndarray, name: str = "faces") -> np.ndarray:
    """Read these rows int64 [N], in any order, of the faces uint8 [N,S,S,3] of an HDF5 file, or of its array `name`.

    Raises InputError where the file is missing or damaged.
    """
    order = np.argsort(rows, kind="stable")
    wanted = rows[order]
    # Slices: HDF5 picks single rows a hundred times more slowly. One ends where a gap follows, or after a block.
    ends = np.flatnonzero((np.diff(wanted) > _LARGEST_GAP) | (np.diff(wanted // _BLOCK) > 0)) + 1
    with open_arrays(path) as file:
        stored = file[name]
        faces = np.empty((len(rows), *stored.shape[1:]), stored.dtype)
        try:
            for part, places in zip(np.split(wanted, ends), np.split(order, ends), strict=True):
                if len(part):
                    faces[places] = stored[part[0] : part[-1] + 1][part - part[0]]
        except OSError as error:
            raise unreadable(path, error, f"damaged; {MEND}") from None
    return faces


def rows_of(path: str | os.PathLike, pictures: Sequence[str]) -> np.ndarray:
    """Return the rows int64 [N] of these N pictures in a file.

    Raises InputError where the file is missing or damaged, or has no face of a picture.
    """
    (stored,) = read_arrays(path, "picture")
    rows = pd.Index(stored).get_indexer(np.asarray(pictures, dtype=object))
    absent = np.asarray(pictures)[rows < 0]
    if len(absent):
        raise InputError(
            f"{path}: has no face of picture '{absent[0]}' ({len(absent)} missing); delete it and run again"
        )
    return rows


def read_shown(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read the ids, str [N], of the pictures in a file of posted faces, and those of the pictures that these show.

    They differ where another picture is posted in place of one (`External.missing`). Raises as `read_faces`.
    """
    with open_arrays(path) as file:
        names = ("picture", SHOWN if SHOWN in file else "picture")
    pictures, shown = read_arrays(path, *names)
    return pictures, shown


def read_landmarks(path: str | os.PathLike, pictures: Sequence[str]) -> np.ndarray:
    """Read the landmarks float32 [N,5,2] of these N pictures, in pixels of the upright pictures; see `read_faces`."""
    rows = rows_of(path, pictures)
    return read_arrays(path, "landmarks")[0][rows]


def read_face_size(path: str | os.PathLike) -> int:
    """Read the side in pixels of the faces in a file; raises InputError where it is missing or damaged."""
    with open_arrays(path) as file:
        return file["faces"].shape[1]


def read_margin(path: str | os.PathLike) -> int:
    """Read what the faces in a file show beyond the standard crop, in its pixels (`uncloak.crops`); 0 unless it says.

    Raises InputError where the file is missing or damaged.
    """
    return read_attributes(path).get("margin", 0)


def read_captions(path: str | os.PathLike) -> np.ndarray | None:
    """Read the captions, text [N], of the faces in a file; None where they have none."""
    with open_arrays(path) as file:
        return file["caption"].asstr()[()] if "caption" in file else None
