import h5py
import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.pictures import stored
from uncloak.pictures.stored import read_faces
from uncloak.store import write_arrays


@pytest.fixture
def written(tmp_path):
    """A file of 200 faces, and what is in it."""
    faces = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 3), dtype=np.uint8)
    pictures = np.array([f"a/{row:03d}" for row in range(200)])
    write_arrays(tmp_path / "faces.h5", {"faces": faces, "picture": pictures}, {})
    return tmp_path / "faces.h5", faces, pictures


@pytest.mark.parametrize("block", [8, 50, 4096])
def test_faces_come_in_the_order_asked_for_and_as_often(written, monkeypatch, block):
    monkeypatch.setattr(stored, "_BLOCK", block)
    path, faces, pictures = written
    random = np.random.default_rng(1)
    orders = [np.arange(200), random.permutation(200), [7], [5, 180, 5, 4], random.integers(0, 200, 90), [199, 0]]
    for rows in orders:
        np.testing.assert_array_equal(read_faces(path, pictures[rows]), faces[rows])
    assert read_faces(path, pictures[:0]).shape == (0, 4, 4, 3)


def test_many_faces_are_read_in_few_slices(written, monkeypatch):
    path, _, pictures = written
    asked, read = [], h5py.Dataset.__getitem__

    def count(self, key, *others):
        if self.name == "/faces":
            asked.append(key)
        return read(self, key, *others)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", count)
    read_faces(path, pictures[::2])
    assert len(asked) == 1
    read_faces(path, pictures[[0, 100, 199]])
    assert len(asked) == 4


def test_a_missing_face_is_named(written):
    path, _, pictures = written
    with pytest.raises(InputError, match="no face of picture 'b/1'"):
        read_faces(path, [*pictures[:3], "b/1"])
