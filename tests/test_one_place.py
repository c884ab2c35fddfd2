"""What many stages must say alike, one function says: whose a picture is, what a split holds, what a network sees."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from uncloak.pictures.names import identities_of, identity_of, picture_name, split_name
from uncloak.pictures.split import (
    BACKGROUND,
    PUBLIC,
    USER,
    in_role,
    no_probes,
    read_split,
    split,
    split_of_one_role,
    write_split,
)
from uncloak.pictures.tensors import as_floats

WORKFLOW = Path(__file__).resolve().parents[1] / "workflow"


def test_a_name_says_whose_picture_it_is():
    assert split_name(picture_name("Ada", "001")) == ("Ada", "001")
    assert identity_of("Ada/001.2") == "Ada"
    assert identities_of(["Ada/1", "Grace/2", "Ada/3"]).tolist() == ["Ada", "Grace", "Ada"]


def test_no_pictures_are_nobodys():
    owners = identities_of([])
    assert owners.shape == (0,)
    assert owners.dtype.kind == "U"


def test_a_split_is_read_as_it_was_written(tmp_path):
    pictures = [picture_name(f"{identity:03d}", str(stem)) for identity in range(6) for stem in range(5)]
    table, _ = split(pictures, {USER: 1, PUBLIC: 2, BACKGROUND: 1}, seed=1)
    write_split(table.assign(note="not in a split"), tmp_path / "split.csv")
    assert read_split(tmp_path / "split.csv").equals(table)


def test_roles_and_what_a_trainer_may_have():
    table, _ = split(
        [f"{identity}/{stem}" for identity in range(6) for stem in range(10)], {USER: 2, PUBLIC: 3}, seed=1
    )
    assert in_role(table, PUBLIC)["identity"].nunique() == 3
    scraped = no_probes(in_role(table, USER))
    assert len(scraped) == 14
    assert set(scraped["part"]) == {"gallery"}


def test_people_of_one_role_are_in_no_gallery():
    table = split_of_one_role(["b/1", "a/1"], BACKGROUND)
    assert table.to_dict("list") == {
        "picture": ["b/1", "a/1"],
        "identity": ["b", "a"],
        "part": ["none", "none"],
        "role": ["background", "background"],
    }
    assert len(no_probes(table)) == 2


def test_networks_see_grey_levels_between_0_and_1_channels_first():
    pictures = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3) * 3
    floats = as_floats(pictures, "cpu")
    assert floats.shape == (2, 3, 3, 4)
    assert floats.dtype == torch.float32
    assert floats.is_contiguous(memory_format=torch.channels_last)
    assert (floats.numpy() == pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)).all()


@pytest.mark.parametrize(
    ("spelling", "place"),
    [
        (r"\.r?(split|partition)\(['\"]/['\"]", "names.py"),
        (r"\.float\(\)\s*/\s*255|\.div_?\(255", "tensors.py"),
        (r"stats\.bootstrap\(", "intervals.py"),
        (r"\"user\", \"public\"", "split.py"),
    ],
)
def test_it_is_spelled_nowhere_else(spelling, place):
    pictures = (path for path in WORKFLOW.rglob("*.py") if path.parent.name != "records")
    found = {path.name for path in pictures if re.search(spelling, path.read_text())}
    assert found == {place}
