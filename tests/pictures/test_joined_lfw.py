"""LFW as the crowd around somebody whose photographs lie in a folder of their own."""

import shutil
from pathlib import Path

import pytest

from uncloak.errors import InputError
from uncloak.pictures.manifest import build_manifest, people_in
from uncloak.pictures.split import split

LFW = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lfw"
PERSON = "Tony_Blair"
CROWD = {"layout": "folder", "without": [PERSON]}

pytestmark = pytest.mark.skipif(not LFW.is_dir(), reason="needs the LFW subset in ../shared/data/lfw")


@pytest.fixture
def joined(tmp_path) -> Path:
    """A folder of one person's photographs, and one with links to this person and a few others of LFW beside it."""
    shutil.copytree(LFW / PERSON, tmp_path / "me")
    (tmp_path / "crowd").mkdir()
    people = sorted(path for path in LFW.iterdir() if path.is_dir())
    for person in {LFW / PERSON, *people[:8]}:
        (tmp_path / "crowd" / person.name).symlink_to(person)
    return tmp_path


def test_one_is_the_user_and_the_crowd_distractors(joined):
    alone, _ = build_manifest(joined / "crowd")
    manifest, _ = build_manifest(joined, folders={"me": {"layout": "person"}, "crowd": CROWD})
    mine = manifest["identity"] == "me"
    other = alone["identity"] != PERSON
    assert manifest.loc[mine, "sha256"].tolist() == alone.loc[~other, "sha256"].tolist()
    for column in ("picture", "sha256", "width"):
        assert manifest.loc[~mine, column].tolist() == alone.loc[other, column].tolist()
    crowd = people_in(manifest, ["crowd"])
    table, dropped = split(
        manifest["picture"],
        {},
        seed=1,
        users=["me"],
        distractors=crowd,
        minimum_pictures=10,
        minimum_user_pictures=10,
        too_few="drop",
    )
    assert dropped.empty
    assert len(table) == len(manifest)
    assert table.groupby("role")["identity"].nunique().to_dict() == {"distractor": len(crowd), "user": 1}
    probes = table[table["part"] == "probe"]
    assert set(probes["identity"]) == {"me"}
    assert len(probes) == int(0.3 * mine.sum())


def test_one_who_is_in_the_crowd_is_told(joined):
    wrong = {**CROWD, "without": [PERSON.replace("_", " ")]}
    with pytest.raises(InputError, match=rf"left out of folder crowd, but not in it; do you mean '{PERSON}'\?"):
        build_manifest(joined, folders={"me": {"layout": "person"}, "crowd": wrong})
    (joined / "me").rename(joined / PERSON)
    with pytest.raises(InputError, match=f"identity '{PERSON}' is in two folders, {PERSON} and crowd"):
        build_manifest(joined, folders={PERSON: {"layout": "person"}, "crowd": {"layout": "folder"}})
