"""Pictures to classify that a user brings: a folder of ImageNet."""

import numpy as np
import pytest
from PIL import Image

from uncloak.errors import InputError
from uncloak.transfer.objects.folder import read_folder


@pytest.fixture
def folder(tmp_path):
    """Four pictures of each of two classes, one named by its WordNet id, the other by its index."""
    random = np.random.default_rng(0)
    for name in ("n01443537", "7"):
        (tmp_path / "val" / name).mkdir(parents=True)
        for number in range(4):
            pixels = random.integers(0, 256, (30, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "val" / name / f"{number}.png")
    return tmp_path / "val"


def test_a_folder_of_pictures_is_read(folder):
    read = read_folder(folder, 2, 30, 20, 1)
    # The goldfish is ImageNet's class 1; scaled by 1, the middle of 30 x 50 starts at (5, 15).
    assert dict(zip(read["picture"], read["label"], strict=True)) == {
        name: 1 if name.startswith("n") else 7 for name in read["picture"]
    }
    assert sorted(read["label"]) == [1, 1, 7, 7]
    assert set(read["part"]) == {"test"}
    for name, pixels in zip(read["picture"], read["pictures"], strict=True):
        assert np.array_equal(pixels, np.asarray(Image.open(folder / name))[5:25, 15:35])
    everything = read_folder(folder, 4, 30, 20, 1)
    assert set(read["picture"]) < set(everything["picture"])
    assert read_folder(folder, 1, 16, 16, 1)["pictures"].shape == (2, 16, 16, 3)


def test_faulty_folders_are_refused(folder, tmp_path):
    with pytest.raises(InputError, match="no such folder; put ImageNet's validation pictures there"):
        read_folder(tmp_path / "gone", 1, 16, 16, 1)
    with pytest.raises(InputError, match="has 4 pictures, 9 are wanted"):
        read_folder(folder, 9, 16, 16, 1)
    with pytest.raises(InputError, match="size is 17; it must be"):
        read_folder(folder, 1, 16, 17, 1)
    with pytest.raises(InputError, match="has no subfolders"):
        read_folder(folder / "7", 1, 16, 16, 1)
    (folder / "cats").mkdir()
    with pytest.raises(InputError, match="cats: no class of ImageNet"):
        read_folder(folder, 1, 16, 16, 1)
