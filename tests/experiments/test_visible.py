"""What figures say of how much the drawn attacks show."""

import numpy as np
import pytest

from uncloak.experiments.given import Given
from uncloak.experiments.visible import visible
from uncloak.store import write_arrays


@pytest.fixture
def files(tmp_path):
    """Users with one and three pictures, so that means over users and over pictures differ."""
    pictures = np.array(["a/1", "b/1", "b/2", "b/3"])
    paths = []
    for name, dssim in {"one": [0.1, 0.01, 0.02, 0.03], "two": [0.0, 0.3, 0.2, 0.1]}.items():
        write_arrays(tmp_path / f"{name}.h5", {"picture": pictures, "dssim": np.array(dssim)}, {})
        paths.append(str(tmp_path / f"{name}.h5"))
    return {"visible": paths}


def test_means_are_over_users_and_stand_behind_their_labels(files):
    [said] = visible(Given(files, {"visible": ["One", "Two"]}))
    assert said.endswith(": One 0.060, Two 0.100.")  # (.1 + .02) / 2 and (0 + .2) / 2


def test_attacks_of_one_label_are_said_as_a_range(files):
    [said] = visible(Given(files, {"visible": ["LowKey", "LowKey"]}))
    assert said.endswith(": LowKey 0.060 to 0.100.")


def test_a_figure_without_attacks_says_nothing():
    assert visible(Given({}, {})) == []
