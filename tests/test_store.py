"""The HDF5 store: whole files or none, equal bytes for equal contents, and clear words about damage."""

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.store import atomic, open_arrays, read_arrays, read_attributes, write_arrays

ARRAYS = {
    "faces": np.arange(20 * 8 * 8 * 3, dtype=np.uint8).reshape(20, 8, 8, 3),
    "picture": np.array([f"Zoë/{i:02d}" for i in range(20)]),
    "dssim": np.linspace(0, 1, 20),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "store.h5"
    write_arrays(path, ARRAYS, {"seed": 3, "recipe": "abc"})
    return path


def test_what_was_written_is_read(file):
    for expected, found in zip(ARRAYS.values(), read_arrays(file, *ARRAYS), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert read_attributes(file) == {"seed": 3, "recipe": "abc"}


def test_equal_contents_are_equal_bytes(file, tmp_path):
    again = tmp_path / "elsewhere" / "again.h5"
    write_arrays(again, ARRAYS, {"recipe": "abc", "seed": 3})
    assert again.read_bytes() == file.read_bytes()


def test_a_failure_leaves_the_old_file_and_no_other(file):
    before = file.read_bytes()

    def fail():
        with atomic(file) as path:
            path.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("length", [0, 100, 2000])
def test_a_truncated_file_is_named_in_one_line(file, length):
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(
        InputError, match=r"store\.h5: truncated or not an HDF5 file; delete it and run again"
    ) as caught:
        read_arrays(file, "faces")
    assert "\n" not in str(caught.value)


def test_missing_files_and_arrays_are_named(file, tmp_path):
    with pytest.raises(InputError, match=r"no\.h5: no such file"), open_arrays(tmp_path / "no.h5"):
        pass
    with pytest.raises(InputError, match="has no array 'embedding'"):
        read_arrays(file, "embedding")
