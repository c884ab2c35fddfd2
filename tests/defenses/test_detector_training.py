"""A detector trained as its record says, called as from a notebook."""

import numpy as np
import pandas as pd
import pytest
from cloaked_faces import FAWKES, cloaked, gallery, people, smooth_faces

torch = pytest.importorskip("torch")

from uncloak.defenses.detection import score  # noqa: E402
from uncloak.defenses.detector_training import train_detector, view_by_attack  # noqa: E402
from uncloak.errors import InputError  # noqa: E402
from uncloak.pictures import views  # noqa: E402
from uncloak.pictures.labeled import Faces, join  # noqa: E402
from uncloak.pictures.names import identities_of  # noqa: E402
from uncloak.records.detectors import Detector  # noqa: E402
from uncloak.records.reading import read  # noqa: E402
from uncloak.store import write_arrays  # noqa: E402

OPTIONS = {"weights": "scratch", "input": "residual", "width": 0.1, "epochs": 1, "batch": 32, "learning_rate": 0.02}
RECORD = {**OPTIONS, "attacks": FAWKES, "identities": {"train": 7, "test": 4}}


@pytest.fixture
def world(tmp_path):
    """A file of clean faces, their split, and attack -> faces of detector people and of users."""
    split = people()
    faces = smooth_faces(len(split), 2)
    pictures = split["picture"].to_numpy(str)
    write_arrays(tmp_path / "faces.h5", {"faces": faces, "picture": pictures}, {})
    perturbed, posted = (
        {
            attack: Faces(cloaked(faces, number), pictures, identities_of(pictures)).where(
                np.isin(pictures, list(gallery(split, role)))
            )
            for number, attack in enumerate(FAWKES)
        }
        for role in ("detector", "user")
    )
    return tmp_path / "faces.h5", split, perturbed, posted


def test_a_detector_learns_and_scores_as_its_record_says(world):
    trained = train_detector(read(Detector, RECORD), *world, 1, "fawkes")
    assert trained.people == 7
    assert trained.scores["detector"].eq("fawkes").all()
    assert trained.scores["score"].between(0, 1).all()
    assert set(trained.scores["posting"]) == {"clean", *FAWKES}
    row = trained.scores[trained.scores["posting"] == FAWKES[1]].iloc[-1]
    face = join(world[2][FAWKES[1]], world[3][FAWKES[1]]).of([row["picture"]])
    assert score(trained.detector, face)[0] == pytest.approx(row["score"], abs=1e-4)
    with pytest.raises(InputError, match="50 identities are wanted"):
        train_detector(read(Detector, {**RECORD, "identities": {"train": 46, "test": 4}}), *world, 1, "fawkes")


def test_faces_that_are_read_when_needed_give_the_same(world, tmp_path, monkeypatch):
    clean, split, *made = world
    expected = train_detector(read(Detector, RECORD), *world, 1, "fawkes").scores
    read_later = []
    for number, by_attack in enumerate(made):
        paths = [tmp_path / f"{attack}-{number}.h5" for attack in by_attack]
        for path, faces in zip(paths, by_attack.values(), strict=True):
            write_arrays(path, {"faces": faces.faces, "picture": faces.pictures}, {})
        read_later.append(view_by_attack(list(by_attack), paths))
    monkeypatch.setattr(views, "_AT_HAND", 0)
    found = train_detector(read(Detector, RECORD), clean, split, *read_later, 1, "fawkes").scores
    pd.testing.assert_frame_equal(found, expected)


def test_files_of_an_attack_are_read_together(tmp_path):
    faces = smooth_faces(3, 0)
    for name, rows in (("one", [0, 1]), ("two", [2])):
        pictures = np.array([f"p/{row}" for row in rows])
        write_arrays(tmp_path / name, {"faces": faces[rows], "picture": pictures}, {})
    found = view_by_attack(["a", "a", "b"], [tmp_path / "one", tmp_path / "two", tmp_path / "two"])
    assert {attack: [*own.pictures] for attack, own in found.items()} == {"a": ["p/0", "p/1", "p/2"], "b": ["p/2"]}
    np.testing.assert_array_equal(found["a"].of(["p/1"])[:], faces[[1]])
