"""A detector trained as its record says, called as from a notebook."""

import numpy as np
import pytest
from cloaked_faces import FAWKES, cloaked, gallery, people, smooth_faces

torch = pytest.importorskip("torch")

from uncloak.defenses.detection import score  # noqa: E402
from uncloak.defenses.detector_training import read_by_attack, train_detector  # noqa: E402
from uncloak.errors import InputError  # noqa: E402
from uncloak.records.detectors import Detector  # noqa: E402
from uncloak.records.reading import read  # noqa: E402
from uncloak.store import write_arrays  # noqa: E402

OPTIONS = {"weights": "scratch", "input": "residual", "width": 0.1, "epochs": 1, "batch": 32, "learning_rate": 0.02}
RECORD = {**OPTIONS, "attacks": FAWKES, "identities": {"train": 7, "test": 4}}


@pytest.fixture
def world(tmp_path):
    """A file of clean faces, their split, and attack -> picture -> face of detector people and of users."""
    split = people()
    faces = smooth_faces(len(split), 2)
    pictures = split["picture"].to_numpy(str)
    write_arrays(tmp_path / "faces.h5", {"faces": faces, "picture": pictures}, {})
    perturbed, posted = (
        {
            attack: {
                picture: face
                for picture, face in zip(pictures, cloaked(faces, number), strict=True)
                if picture in gallery(split, role)
            }
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
    face = {**world[2][FAWKES[1]], **world[3][FAWKES[1]]}[row["picture"]]
    assert score(trained.detector, face[None])[0] == pytest.approx(row["score"], abs=1e-4)
    with pytest.raises(InputError, match="50 identities are wanted"):
        train_detector(read(Detector, {**RECORD, "identities": {"train": 46, "test": 4}}), *world, 1, "fawkes")


def test_files_of_an_attack_are_read_together(tmp_path):
    faces = smooth_faces(3, 0)
    for name, rows in (("one", [0, 1]), ("two", [2])):
        pictures = np.array([f"p/{row}" for row in rows])
        write_arrays(tmp_path / name, {"faces": faces[rows], "picture": pictures}, {})
    found = read_by_attack(["a", "a", "b"], [tmp_path / "one", tmp_path / "two", tmp_path / "two"])
    assert {attack: list(own) for attack, own in found.items()} == {"a": ["p/0", "p/1", "p/2"], "b": ["p/2"]}
    np.testing.assert_array_equal(found["a"]["p/1"], faces[1])
