"""HDF5 files of arrays by picture: written whole or not at all, and byte-identical when written again.

Files are uncompressed, carry no time stamps, and keep text as fixed-length UTF-8, so equal contents are equal bytes.
A file that bears its name is complete and never changes, so none is locked: some file systems have no locks, and a
viewer may hold one.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable

_IMAGES_PER_CHUNK = 16
MEND = "delete it and run again"


@contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed to it on success and removed on failure."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays, because writers such as pandas and Pillow choose the format by it.
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_arrays(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, str | int | float]
):
    """Write `arrays` (name -> array; those that are read together have one length N) and `attributes`.

    Text becomes fixed-length UTF-8. Arrays of faces, uint8 [N,H,W,3], are chunked by sixteen pictures, all others are
    contiguous.
    """
    with atomic(path) as temporary, h5py.File(temporary, "w", locking=False) as file:
        for name, values in arrays.items():
            values = np.asarray(values)
            if values.dtype.kind in "UO":
                values = np.char.encode(values.astype(str), "utf-8")
            chunks = (
                (min(_IMAGES_PER_CHUNK, len(values)), *values.shape[1:]) if values.ndim == 4 and len(values) else None
            )
            file.create_dataset(name, data=values, chunks=chunks, track_times=False)
        for name in sorted(attributes):
            file.attrs[name] = attributes[name]


@contextmanager
def open_arrays(path: str | os.PathLike) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises InputError where the file is missing, cannot be read, is truncated or not HDF5.
    """
    check_readable(path)
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise unreadable(path, error, f"truncated or not an HDF5 file; {MEND}") from None
    with file:
        yield file


def read_arrays(path: str | os.PathLike, *names: str) -> list[np.ndarray]:
    """Read the named arrays whole; text arrays come back as str.

    Raises InputError where the file is missing, unreadable or damaged, lacks a name, or its arrays differ in length.
    """
    with open_arrays(path) as file:
        missing = [name for name in names if name not in file]
        if missing:
            raise InputError(f"{path}: has no array '{missing[0]}'; {MEND}")
        try:
            arrays = [file[name][()] for name in names]
        except OSError as error:
            raise unreadable(path, error, f"damaged; {MEND}") from None
    if len({len(values) for values in arrays}) > 1:
        raise InputError(f"{path}: its arrays differ in length; {MEND}")
    return [np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values for values in arrays]


def read_attributes(path: str | os.PathLike) -> dict[str, str | int | float]:
    """Read a file's attributes as plain Python values."""
    with open_arrays(path) as file:
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in file.attrs.items()}
