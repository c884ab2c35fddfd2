"""The HDF5 store: whole files or none, equal bytes for equal contents, and clear words about damage."""

import h5py
import numpy as np
import pytest

from uncloak import store
from uncloak.errors import InputError
from uncloak.pictures.views import Made
from uncloak.store import check_array, open_arrays, read_arrays, read_attributes, write_arrays
from uncloak.writing import atomic

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


def test_what_is_made_in_slices_is_written_as_if_it_were_there(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_CHUNKS_AT_ONCE", 2)
    values = {
        "embedding": np.random.default_rng(0).random((2000, 1000), np.float32),
        "faces": np.zeros((2, 4, 4, 3), "u1"),
    }
    write_arrays(tmp_path / "whole.h5", values, {})
    write_arrays(tmp_path / "sliced.h5", {name: Made(np.copy, each) for name, each in values.items()}, {})
    assert (tmp_path / "sliced.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()
    for path in tmp_path.iterdir():
        check_array(path, "embedding")
        np.testing.assert_array_equal(read_arrays(path, "embedding")[0], values["embedding"])


def test_an_array_is_checked_without_being_kept(file):
    check_array(file, "picture")
    with pytest.raises(InputError, match="has no array 'masks'"):
        check_array(file, "masks")
    with h5py.File(file, "a") as to:
        to["dssim"][7] = 0.5
    with pytest.raises(InputError, match="'dssim' is not what was written"):
        check_array(file, "dssim")


def test_the_longest_name_that_a_file_may_have_is_written(tmp_path):
    path = tmp_path / ("ü" * 126 + ".h5")
    write_arrays(path, ARRAYS, {})
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


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


def test_a_flipped_byte_is_noticed_wherever_it_matters(file):
    whole, random = file.read_bytes(), np.random.default_rng(0)
    expected, noticed = (read_arrays(file, *ARRAYS), read_attributes(file)), 0
    places = random.choice(len(whole), 1500, replace=False)
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << random.integers(8)
        file.write_bytes(flipped)
        try:
            found = read_arrays(file, *ARRAYS), read_attributes(file)
        except InputError as error:
            said, found = str(error), expected
            noticed += 1
        else:
            said = f"{file}: nothing"  # padding between what is stored
        assert said.startswith(f"{file}: ")
        assert "\n" not in said
        assert found[1] == expected[1]
        for one, other in zip(found[0], expected[0], strict=True):
            np.testing.assert_array_equal(one, other)
    stored = sum(values.nbytes for values in expected[0][::2])
    assert noticed >= 0.9 * len(places) * stored / len(whole)


def test_what_lies_outside_the_file_is_not_read(file, tmp_path):
    write_arrays(tmp_path / "other.h5", ARRAYS, {})
    (tmp_path / "raw").write_bytes(bytes(80))
    layout = h5py.VirtualLayout((20,), "f8")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "dssim", (20,))
    ways = {
        "linked": lambda to: to.__setitem__("linked", h5py.ExternalLink("other.h5", "dssim")),
        "soft": lambda to: to.__setitem__("soft", h5py.SoftLink("/dssim")),
        "virtual": lambda to: to.create_virtual_dataset("virtual", layout),
        "external": lambda to: to.create_dataset("external", (10,), "f8", external=str(tmp_path / "raw")),
        "group": lambda to: to.create_group("group"),
    }
    whole = file.read_bytes()
    for name, make in ways.items():
        file.write_bytes(whole)
        with h5py.File(file, "a") as to:
            make(to)
        with pytest.raises(InputError, match=rf"store\.h5: '{name}' is no array that lies in this file"):
            read_arrays(file, "dssim")


def test_an_array_of_an_absurd_shape_is_refused_before_memory_is_asked_for(file):
    with h5py.File(file, "a") as to:
        to.create_dataset("absurd", (10**12, 512), "f4", chunks=(1024, 512))
    with pytest.raises(InputError, match=r"'absurd' claims \(1000000000000, 512\) values"):
        read_arrays(file, "absurd")


def test_missing_files_and_arrays_are_named(file, tmp_path):
    with pytest.raises(InputError, match=r"no\.h5: no such file"), open_arrays(tmp_path / "no.h5"):
        pass
    with pytest.raises(InputError, match="has no array 'embedding'"):
        read_arrays(file, "embedding")
