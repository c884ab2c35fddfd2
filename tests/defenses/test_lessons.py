"""What a learned purifier learns from: pairs of one picture, perturbed and clean, of public people alone."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from uncloak.defenses.lessons import read_lessons
from uncloak.errors import InputError
from uncloak.store import write_arrays


@pytest.fixture
def world(tmp_path):
    """Three pictures each of two public people and a user; the third of each is a probe. Every face is its number."""
    names = [(role, f"{role}_{person}/{number}") for role, people in (("public", 2), ("user", 1))
             for person in range(people) for number in range(3)]  # fmt: skip
    split = pd.DataFrame(names, columns=["role", "picture"])
    split["identity"] = split["picture"].str.partition("/")[0]
    split["part"] = np.where(split["picture"].str.endswith("2"), "probe", "gallery")
    split.to_csv(tmp_path / "split.csv", index=False)
    values = dict(zip(split["picture"], 10 * np.arange(1, len(split) + 1), strict=True))
    _faces(tmp_path / "faces.h5", values)
    return tmp_path, values


def _faces(path, values):
    faces = np.array([np.full((4, 4, 3), value, dtype=np.uint8) for value in values.values()])
    write_arrays(path, {"faces": faces, "picture": np.array(list(values))}, {})
    return path


def test_perturbed_faces_at_each_strength_and_clean_ones_are_to_become_clean(world):
    folder, values = world
    files = [
        _faces(folder / "one.h5", {"public_1/0": values["public_1/0"] + 4}),
        _faces(folder / "two.h5", {"public_0/1": values["public_0/1"] - 6, "public_1/0": values["public_1/0"] - 8}),
    ]
    lessons = read_lessons(folder / "faces.h5", folder / "split.csv", files, (1.0, 1.5))
    first, second, third = (values[name] for name in ("public_1/0", "public_0/1", "public_1/0"))
    clean = [values[name] for name in sorted(values) if name.startswith("public") and not name.endswith("2")]
    shown = [first + 4, second - 6, third - 8, first + 6, second - 9, third - 12]
    assert lessons.given[:][:, 0, 0, 0].tolist() == [*shown, *clean]
    assert lessons.wanted[:][:, 0, 0, 0].tolist() == [*2 * [first, second, third], *clean]
    assert lessons.perturbed.tolist() == [True] * 6 + [False] * 4
    assert lessons.told == "2 public identities, 2 of them also perturbed, in 3 faces"


def test_a_users_face_is_refused(world):
    folder, _ = world
    theirs = _faces(folder / "theirs.h5", {"user_0/0": 7})
    with pytest.raises(InputError, match=r"theirs\.h5: picture 'user_0/0' is of nobody whom"):
        read_lessons(folder / "faces.h5", folder / "split.csv", [theirs], (1.0,))
