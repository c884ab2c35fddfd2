"""HDF5 files of arrays by picture: written whole or not at all, and byte-identical when written again.

Files are uncompressed, carry no time stamps, and keep text as fixed-length UTF-8, so equal contents are equal bytes.
All that is stored has a checksum, so that a flipped byte is noticed when it is read: arrays whole and by chunks, all
else by the format (since its version 1.8; in a newer one nobody could read what a viewer has open). What lies outside a
file, or claims to be more than it holds, is never read.
A file that bears its name is complete and never changes, so none is locked: some file systems have no locks, and a
viewer may hold one.
"""

import io
import math
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import h5py
import numpy as np

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable
from uncloak.writing import atomic

_IMAGES_PER_CHUNK = 16
_BYTES_PER_CHUNK = 2**20
_CHUNKS_AT_ONCE = 64
_FORMAT = ("v108", "v108")
_CHECKSUM = "crc32"
MEND = "delete it and run again"


def write_arrays(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, str | int | float]
):
    """Write `arrays` (name -> array; those that are read together have one length N) and `attributes`.

    Text becomes fixed-length UTF-8. Arrays of faces, uint8 [N,H,W,3], are chunked by sixteen pictures, all others by
    rows of together a mebibyte. What has shape and dtype, and makes slices of itself when they are asked for
    (`uncloak.pictures.views`), is written slice by slice, and takes the memory of one.
    """
    with atomic(path) as temporary, _Written(temporary, "w+") as written:
        _write(written, arrays, attributes)
        if written.error:
            raise written.error


class _Written(io.FileIO):
    """A file that keeps the first error of writing, and then takes all and keeps nothing: HDF5 crashes of errors."""

    error: OSError | None = None

    def write(self, content: bytes) -> int:
        left = memoryview(content).cast("B")
        size = len(left)
        try:
            while left and not self.error:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        try:
            return self.tell() if self.error else super().truncate(size)
        except OSError as error:
            self.error = error
            return self.tell()


def _write(written: io.FileIO, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, str | int | float]):
    with h5py.File(written, "w", libver=_FORMAT) as file:
        for name, values in arrays.items():
            _write_array(file, name, values if hasattr(values, "dtype") else np.asarray(values))
        for name in sorted(attributes):
            value = attributes[name]
            # Text of no fixed length would lie in a heap, which has no checksum.
            file.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) and value else value


def _write_array(file: h5py.File, name: str, values: np.ndarray):
    if values.dtype.kind in "UO":
        values = np.char.encode(values.astype(str), "utf-8")
    rows = _rows_per_chunk(values.shape, values.dtype)
    checked = {"chunks": (rows, *values.shape[1:]), "fletcher32": True} if math.prod(values.shape) else {}
    array = file.create_dataset(name, values.shape, values.dtype, track_times=False, **checked)
    checksum = 0
    for first in range(0, len(values), rows * _CHUNKS_AT_ONCE):
        part = values[first : first + rows * _CHUNKS_AT_ONCE]
        array[first : first + len(part)] = part
        checksum = _checksum(part, checksum)
    array.attrs[_CHECKSUM] = np.uint32(checksum)


def _checksum(values: np.ndarray, before: int = 0) -> int:
    return zlib.crc32(np.ascontiguousarray(values).data, before)


def _rows_per_chunk(shape: Sequence[int], dtype: np.dtype) -> int:
    row = max(1, math.prod(shape[1:]) * dtype.itemsize)
    most = _IMAGES_PER_CHUNK if len(shape) == 4 else max(1, _BYTES_PER_CHUNK // row)
    return max(1, min(most, shape[0]))


@contextmanager
def open_arrays(path: str | os.PathLike) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises InputError where the file is missing, cannot be read, is truncated, damaged or not HDF5, and where an array
    lies outside the file or is larger than what the file holds of it.
    """
    check_readable(path)
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise unreadable(path, error, f"truncated or not an HDF5 file; {MEND}") from None
    with file:
        with _damage_named(path):
            for name in file:
                _check_within(path, name, file)
        yield file


def _check_within(path: str | os.PathLike, name: str, file: h5py.File):
    link = file.get(name, getlink=True)
    array = file[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(array, h5py.Dataset) or array.external or array.is_virtual:
        raise InputError(f"{path}: '{name}' is no array that lies in this file, and is not read; {MEND}")
    if array.id.get_storage_size() < array.size * array.dtype.itemsize:
        raise InputError(f"{path}: '{name}' claims {array.shape} values, which the file does not hold; {MEND}")


@contextmanager
def _damage_named(path: str | os.PathLike) -> Iterator[None]:
    """Let what the format library says of damaged content be one line; it has no errors of its own for it."""
    try:
        yield
    except InputError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise unreadable(path, error, f"damaged; {MEND}") from None


def read_arrays(path: str | os.PathLike, *names: str) -> list[np.ndarray]:
    """Read the named arrays whole; text arrays come back as str.

    Raises InputError where the file is missing, unreadable or damaged, lacks a name, or its arrays differ in length.
    """
    with open_arrays(path) as file:
        missing = [name for name in names if name not in file]
        if missing:
            raise InputError(f"{path}: has no array '{missing[0]}'; {MEND}")
        with _damage_named(path):
            arrays = [file[name][()] for name in names]
            known = [file[name].attrs.get(_CHECKSUM) for name in names]
    for name, values, checksum in zip(names, arrays, known, strict=True):
        _check_sum(path, name, _checksum(values), checksum)
    if len({len(values) for values in arrays}) > 1:
        raise InputError(f"{path}: its arrays differ in length; {MEND}")
    return [np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values for values in arrays]


def _check_sum(path: str | os.PathLike, name: str, found: int, written: np.uint32 | None):
    # The index of chunks has no checksum, and what it loses would be read as 0.
    if written is not None and found != written:
        raise InputError(f"{path}: damaged; {MEND} ('{name}' is not what was written)")


def check_array(path: str | os.PathLike, name: str):
    """Read the named array slice by slice, and keep nothing of it.

    Raises InputError as `read_arrays` does.
    """
    with open_arrays(path) as file:
        if name not in file:
            raise InputError(f"{path}: has no array '{name}'; {MEND}")
        with _damage_named(path):
            array, found = file[name], 0
            step = _rows_per_chunk(array.shape, array.dtype) * _CHUNKS_AT_ONCE
            for first in range(0, len(array), step):
                found = _checksum(array[first : first + step], found)
            _check_sum(path, name, found, array.attrs.get(_CHECKSUM))


def read_attributes(path: str | os.PathLike) -> dict[str, str | int | float]:
    """Read a file's attributes as plain Python values; raises InputError as `open_arrays` does."""
    with open_arrays(path) as file, _damage_named(path):
        return {name: _plain(value) for name, value in file.attrs.items()}


def _plain(value: object) -> str | int | float:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
