"""The table of a role says what its people's pictures show, and nothing of anybody else's."""

import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.pictures import roles
from uncloak.pictures.roles import list_role
from uncloak.pictures.split import BACKGROUND, USER, split, split_of_one_role
from uncloak.pictures.stored import pictures_to_perturb
from uncloak.store import write_arrays
from uncloak.tables import write_table

PICTURES = [f"{identity}/{stem}" for identity in "abcd" for stem in range(6)]
SPLIT, _ = split(PICTURES, {USER: 2, BACKGROUND: 1}, seed=1)
POSTED = SPLIT.loc[(SPLIT["role"] == USER) & (SPLIT["part"] == "gallery"), "picture"].tolist()
MANIFEST = pd.DataFrame({"picture": PICTURES, "sha256": [f"{number:064x}" for number in range(len(PICTURES))]})


@pytest.fixture
def write(tmp_path):
    """Write faces and what is known of them, one picture's changed, and return the file."""

    def write(changed=None, array="faces", pictures=PICTURES):
        random = np.random.default_rng(0)
        arrays = {
            "faces": random.integers(0, 255, (len(PICTURES), 4, 4, 3), dtype=np.uint8),
            "landmarks": random.random((len(PICTURES), 5, 2), dtype=np.float32),
            "caption": np.array([f"somebody with {number} hats" for number in range(len(PICTURES))], object),
        }
        if changed:
            arrays[array][PICTURES.index(changed)] = {"faces": 7, "landmarks": 0.5, "caption": "a longer one than all"}[
                array
            ]
        rows = [PICTURES.index(picture) for picture in pictures]
        path = tmp_path / "faces.h5"
        write_arrays(path, {**{name: of[rows] for name, of in arrays.items()}, "picture": np.array(pictures)}, {})
        return path

    return write


def test_it_has_the_pictures_of_the_role_but_no_probes(write, tmp_path):
    table = list_role(SPLIT, USER, write(), MANIFEST)
    assert table["picture"].tolist() == POSTED
    assert table["photograph"].tolist() == MANIFEST.set_index("picture").loc[POSTED, "sha256"].tolist()
    assert table["face"].is_unique
    # It takes the place of the split.
    write_table(table, tmp_path / "user.csv")
    assert pictures_to_perturb(tmp_path / "user.csv", 1, USER).tolist() == POSTED
    assert len(list_role(SPLIT, BACKGROUND, write(), MANIFEST)) == 6


@pytest.mark.parametrize("array", ["faces", "landmarks", "caption"])
def test_it_changes_with_its_own_faces_alone(write, array):
    before = list_role(SPLIT, USER, write(), MANIFEST)
    for picture in PICTURES:
        after = list_role(SPLIT, USER, write(picture, array), MANIFEST)
        assert after.loc[after["face"] != before["face"], "picture"].tolist() == [picture] * (picture in POSTED)


def test_it_does_not_depend_on_who_else_is_there_nor_on_order(write, monkeypatch):
    before = list_role(SPLIT, USER, write(), MANIFEST)
    monkeypatch.setattr(roles, "_AT_A_TIME", 3)
    fewer = [picture for picture in reversed(PICTURES) if picture in POSTED or picture.endswith("1")]
    kept = SPLIT[SPLIT["picture"].isin(fewer)]
    assert list_role(kept, USER, write(pictures=fewer), MANIFEST).equals(before)


def test_faces_drawn_without_photographs_have_no_files(tmp_path):
    faces = np.zeros((3, 4, 4, 3), np.uint8)
    pictures = ["a/1", "a/2", "b/1"]
    write_arrays(tmp_path / "faces.h5", {"faces": faces, "picture": np.array(pictures)}, {})
    table = list_role(split_of_one_role(pictures, BACKGROUND), BACKGROUND, tmp_path / "faces.h5")
    assert table["picture"].tolist() == pictures
    assert set(table["photograph"]) == {""}
    assert table["face"].nunique() == 1
    assert list_role(split_of_one_role(pictures, BACKGROUND), USER, tmp_path / "faces.h5").empty


def test_a_missing_face_is_told(write):
    with pytest.raises(InputError, match=f"no face of picture '{POSTED[0]}'"):
        list_role(SPLIT, USER, write(pictures=[picture for picture in PICTURES if picture != POSTED[0]]), MANIFEST)
