"""Faces that are read, or made, when they are asked for, so that a million of them take the memory of a batch.

So are rows of any other array, such as embeddings.
"""

import math
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from uncloak.pictures.stored import read_rows
from uncloak.store import check_array, open_arrays, read_arrays
from uncloak.writing import faults_named

_AT_HAND = 2**28  # bytes


class View(ABC):
    """Faces uint8 [N,S,S,3], of which a slice, or rows int64 [B] in any order, give an array [B,S,S,3].

    What else has rows, [N,...] of any dtype, is a view as well.
    """

    def __init__(self, count: int, like: "Faces"):
        self.shape, self.dtype = (count, *like.shape[1:]), like.dtype

    @abstractmethod
    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return the faces of rows int64 [B], none of them negative."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        return self.read(np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


# An array is a view in its own right.
Faces = np.ndarray | View


class Stored(View):
    """The faces of a file, or its array `name`, or some rows of it in any order.

    The file is open only while it is read. Raises InputError, now or then, where it is missing or damaged.
    """

    def __init__(self, path: str | os.PathLike, rows: np.ndarray | None = None, name: str = "faces"):
        with open_arrays(path) as file:
            super().__init__(len(file[name]) if rows is None else len(rows), file[name])
        self._path, self._rows, self._name = path, rows, name

    def read(self, rows: np.ndarray) -> np.ndarray:
        return read_rows(self._path, rows if self._rows is None else self._rows[rows], self._name)


class Spooled(View):
    """Faces uint8 [N,S,S,3] that come one after the other, and wait on disk to be written; the file has no name.

    Args:
        folder: where, made if it is not there.
        size: S.
    """

    def __init__(self, folder: str | os.PathLike, size: int):
        self.shape, self.dtype, self._folder = (0, size, size, 3), np.dtype(np.uint8), folder
        with faults_named(folder):
            os.makedirs(folder, exist_ok=True)
            # Unbuffered, so that a full disk is told where it is.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (open as long as this is there)

    def append(self, face: np.ndarray):
        """Add a face uint8 [S,S,3]."""
        left = memoryview(np.ascontiguousarray(face)).cast("B")
        with faults_named(self._folder):
            self._file.seek(0, os.SEEK_END)
            while left:
                left = left[self._file.write(left) :]
        self.shape = (len(self) + 1, *self.shape[1:])

    def read(self, rows: np.ndarray) -> np.ndarray:
        faces = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for face, row in zip(faces, rows, strict=True):
            self._file.seek(int(row) * face.nbytes)
            self._file.readinto(face.data)
        return faces


class Picked(View):
    """Some rows int64 [N] of faces, in any order."""

    def __init__(self, faces: Faces, rows: np.ndarray):
        super().__init__(len(rows), faces)
        self._faces, self._rows = faces, rows

    def read(self, rows: np.ndarray) -> np.ndarray:
        return self._faces[self._rows[rows]]


class Joined(View):
    """Faces of several places, one after the other."""

    def __init__(self, parts: Sequence[Faces]):
        self._parts, self._ends = parts, np.cumsum([len(part) for part in parts])
        super().__init__(int(self._ends[-1]), parts[0])

    def read(self, rows: np.ndarray) -> np.ndarray:
        faces = np.empty((len(rows), *self.shape[1:]), self.dtype)
        whose = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(whose):
            part = self._parts[number]
            faces[whose == number] = part[rows[whose == number] - (self._ends[number] - len(part))]
        return faces


class Made(View):
    """What a function makes, face by face, of faces of one place, or of the same rows of several."""

    def __init__(self, make: Callable[..., np.ndarray], *faces: Faces):
        super().__init__(len(faces[0]), faces[0])
        self._make, self._faces = make, faces

    def read(self, rows: np.ndarray) -> np.ndarray:
        return self._make(*(each[rows] for each in self._faces))


def stored(path: str | os.PathLike, name: str) -> Faces:
    """Return the named array of a file: a view where it is large, else whole, since what is at hand is read faster.

    Raises InputError as `uncloak.store.read_arrays` does, of either at once.
    """
    with open_arrays(path) as file:
        large = name in file and file[name].size * file[name].dtype.itemsize > _AT_HAND
    if large:
        check_array(path, name)
        return Stored(path, name=name)
    return read_arrays(path, name)[0]


def at_hand(faces: Faces) -> Faces:
    """Return faces that are read again and again: an array where they are few, else what they were."""
    return np.asarray(faces) if math.prod(faces.shape) * faces.dtype.itemsize <= _AT_HAND else faces


def picked(faces: Faces, rows: np.ndarray) -> Faces:
    """Return some rows (int64 [N], or bool) of faces: of an array an array, of a view a view."""
    if isinstance(faces, np.ndarray):
        return faces[rows]
    return Picked(faces, np.flatnonzero(rows) if rows.dtype == bool else rows)


def joined(parts: Sequence[Faces]) -> Faces:
    """Return faces one after the other: an array where all are arrays, else a view."""
    return np.concatenate(parts) if all(isinstance(part, np.ndarray) for part in parts) else Joined(parts)
