"""Faces read when they are asked for are those of the whole."""

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.pictures import views
from uncloak.pictures.labeled import Faces, join
from uncloak.pictures.views import Joined, Made, Picked, Spooled, Stored, at_hand, joined, picked, stored
from uncloak.store import write_arrays

SIZE = 4


@pytest.fixture
def whole():
    return np.random.default_rng(0).integers(0, 256, (100, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture
def path(tmp_path, whole):
    write_arrays(tmp_path / "faces.h5", {"faces": whole}, {})
    return tmp_path / "faces.h5"


def same(view, expected):
    assert view.shape == expected.shape
    assert view.dtype == expected.dtype
    assert len(view) == len(expected)
    np.testing.assert_array_equal(view, expected)
    random = np.random.default_rng(1)
    for rows in (slice(3, 40), slice(90, 200), slice(0, 0), random.integers(len(expected), size=37), np.array([], int)):
        found = view[rows]
        assert isinstance(found, np.ndarray)
        np.testing.assert_array_equal(found, expected[rows])


def test_a_file(path, whole):
    same(Stored(path), whole)
    rows = np.random.default_rng(2).integers(len(whole), size=70)
    same(Stored(path, rows), whole[rows])


def test_faces_that_wait_on_disk(whole, tmp_path):
    spooled = Spooled(tmp_path / "made", SIZE)
    assert len(spooled[:]) == 0
    for face in whole:
        spooled.append(face)
    same(spooled, whole)
    assert list((tmp_path / "made").iterdir()) == []


def test_parts_changes_and_several(path, whole):
    stored, rows = Stored(path), np.random.default_rng(2).permutation(len(whole))[:60]
    for faces in (stored, whole):
        same(Picked(faces, rows), whole[rows])
        same(Made(np.subtract, faces, Picked(faces, rows[:1].repeat(100))), whole - whole[rows[0]])
    same(Joined([stored, whole[:0], Picked(stored, rows), whole[:7]]), np.concatenate([whole, whole[rows], whole[:7]]))


def test_arrays_stay_arrays_and_views_stay_views(path, whole):
    kept = np.arange(len(whole)) % 3 == 0
    assert isinstance(picked(whole, kept), np.ndarray)
    assert isinstance(joined([whole, whole]), np.ndarray)
    same(picked(Stored(path), kept), whole[kept])
    names = np.array([f"p{i}" for i in range(100)])
    groups = (Faces(Stored(path), names, names), Faces(whole, names, names))
    assert at_hand(whole) is whole
    same(at_hand(Stored(path)), whole)
    same(join(*groups).where(np.tile(kept, 2)).faces, np.concatenate([whole, whole])[np.tile(kept, 2)])


def test_a_large_array_is_a_view_and_a_small_one_is_read(path, whole, monkeypatch):
    write_arrays(path, {"faces": whole, "embedding": whole[:, 0, :, 0] / 7}, {})
    for most in (0, views._AT_HAND):
        monkeypatch.setattr(views, "_AT_HAND", most)
        for name, expected in (("faces", whole), ("embedding", whole[:, 0, :, 0] / 7)):
            found = stored(path, name)
            assert isinstance(found, np.ndarray) == bool(most)
            same(found, expected)
        with pytest.raises(InputError, match="has no array 'masks'"):
            stored(path, "masks")


def test_a_file_that_is_not_there_or_damaged_is_told(path, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        Stored(tmp_path / "none.h5")
    faces = Stored(path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"faces\.h5"):
        faces[:]
