"""Other people's perturbed pictures, of which some are not there: told, posted clean, or not posted."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scripts_run import run_scripts

from uncloak.errors import InputError
from uncloak.exchange.external import UnfitPicturesError, pair, read_faces, settle
from uncloak.pictures.landmarks import template
from uncloak.pictures.stored import read_shown
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.posted import by_picture, read_measured
from uncloak.visibility.users import visibility

PICTURES = [f"{person}/{number}" for person in ("Ann", "Ben") for number in range(4)]
GONE = ["Ann/1", "Ann/3", "Ben/0"]


def picture(seed, size=40):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


@pytest.fixture
def world(tmp_path):
    """Clean faces and photographs, and a tool's of all but three."""
    clean = np.stack([picture(seed) for seed in range(len(PICTURES))])
    moved = np.arange(len(PICTURES), dtype=np.float32)[:, None, None]
    arrays = {"faces": clean, "picture": np.array(PICTURES), "landmarks": np.float32(template(30)) + moved}
    write_arrays(tmp_path / "faces.h5", arrays, {})
    table = pd.DataFrame({"picture": PICTURES})
    table["identity"] = table["picture"].str.split("/").str[0]
    write_table(table.assign(part="gallery", role="user"), tmp_path / "split.csv")
    for folder in ("photographs", "theirs"):
        for seed, name in enumerate(PICTURES):
            path = tmp_path / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if folder == "photographs" or name not in GONE:
                Image.fromarray(picture(seed + (100 if folder == "theirs" else 0))).save(path)
    listed = table.assign(path=[f"{name}.png" for name in PICTURES], sha256="", width=40, height=40)
    write_table(listed, tmp_path / "manifest.csv")
    return tmp_path


def job(world, missing, kind):
    record = {"method": "external", "root": "theirs", "layout": "folder", "name": "{stem}.png", "pictures": kind}
    table = "faces.out.h5" if kind == "faces" else "table.csv"
    return {
        "input": {
            "root": world / "theirs",
            "faces": world / "faces.h5",
            "split": world / "split.csv",
            "originals": world / "photographs",
            "manifest": world / "manifest.csv",
        },
        "output": {"faces": world / table, "table": world / table, "files": world / "files.csv"},
        "params": {"record": json.dumps({**record, "missing": missing}), "code": ""},
        "config": {},
        "wildcards": {},
    }


def test_faces_that_are_not_there_are_posted_clean_or_another_twice(world):
    theirs = {name: picture(100 + seed) for seed, name in enumerate(PICTURES)}
    clean = {name: picture(seed) for seed, name in enumerate(PICTURES)}
    for missing, instead in (
        ("clean", {name: name for name in GONE}),
        ("drop", {"Ann/1": "Ann/2", "Ann/3": "Ann/0", "Ben/0": "Ben/1"}),
    ):
        run_scripts(world, [("import_faces", job(world, missing, "faces"))])
        faces, pictures, dssim = read_arrays(world / "faces.out.h5", "faces", "picture", "dssim")
        assert pictures.tolist() == PICTURES
        expected = [
            theirs[name] if name not in GONE else clean[name] if missing == "clean" else theirs[instead[name]]
            for name in PICTURES
        ]
        np.testing.assert_array_equal(faces, expected)
        assert read_shown(world / "faces.out.h5")[1].tolist() == [instead.get(name, name) for name in PICTURES]
        by_name = dict(zip(PICTURES, dssim, strict=True))
        for name in GONE:
            assert by_name[name] == (0 if missing == "clean" else by_name[instead[name]])
        table = by_picture("d", PICTURES, {"theirs": {}}, {"theirs": read_measured(world / "faces.out.h5")}, 1)
        write_table(table, world / "measured.csv")
        averages = visibility(read_table(world / "measured.csv"), 1).iloc[0]
        assert averages[["n_pictures", "n_missing"]].tolist() == [8 if missing == "clean" else 5, 3]
        own = [float(by_name[name]) for name in PICTURES if missing == "clean" or name not in GONE]
        users = [np.mean(own[:4]), np.mean(own[4:])] if missing == "clean" else [np.mean(own[:2]), np.mean(own[2:])]
        assert averages["dssim"] == pytest.approx(np.mean(users), rel=1e-4)
        statuses = read_table(world / "files.csv").set_index("picture")["status"]
        assert statuses[GONE].tolist() == [{"clean": "clean", "drop": "dropped"}[missing]] * 3
        assert statuses.value_counts()["used"] == 5


@pytest.mark.parametrize("missing", ["clean", "drop"])
def test_photographs_that_are_not_there_are_posted_clean_or_another_twice(world, missing):
    run_scripts(world, [("import_photographs", job(world, missing, "photographs"))])
    table = read_table(world / "table.csv").set_index("picture")
    assert table.index.tolist() == PICTURES
    for name in GONE:
        place = (world / "theirs" / table.loc[name, "path"]).resolve()
        assert place == world / ("photographs" if missing == "clean" else "theirs") / f"{table.loc[name, 'shown']}.png"
        assert (table.loc[name, "dssim"] == 0) == (missing == "clean")
    assert table.loc["Ann/0", "path"] == "Ann/0.png"


def test_a_photograph_in_place_of_another_is_aligned_as_what_it_shows(world):
    pytest.importorskip("torch")
    record = {"face_size": 40, "alignment": {"face_detector": "mtcnn", "minimum_face": 40}}
    aligning = {
        "input": {"root": world / "theirs", "table": world / "table.csv", "faces": world / "faces.h5"},
        "output": [world / "aligned.h5"],
        "params": {"record": json.dumps(record), "channel": "[]", "landmarks": "clean", "code": ""},
    }
    run_scripts(world, [("import_photographs", job(world, "drop", "photographs")), ("align_perturbed", aligning)])
    faces = dict(zip(*read_arrays(world / "aligned.h5", "picture", "faces"), strict=True))
    for name, shown in (("Ann/1", "Ann/2"), ("Ann/3", "Ann/0"), ("Ben/0", "Ben/1")):
        np.testing.assert_array_equal(faces[name], faces[shown])
    assert (faces["Ann/0"] != faces["Ann/2"]).any()
    (missing,) = read_arrays(world / "aligned.h5", "missing")
    assert dict(zip(faces, missing, strict=True)) == {name: "dropped" if name in GONE else "" for name in PICTURES}


def test_what_is_missing_is_counted_or_told(world, caplog):
    pairing = pair(world / "theirs", "folder", "{stem}", PICTURES, PICTURES)
    assert settle(pairing, "error") is pairing
    with pytest.raises(UnfitPicturesError, match="3 of 8 posted pictures have no file"):
        read_faces(settle(pairing, "error"))
    with caplog.at_level(logging.WARNING):
        settle(pairing, "drop")
    assert "3 of 8 pictures have no file and are not posted" in caplog.text
    for path in (world / "theirs" / "Ben").iterdir():
        path.unlink()
    alone = pair(world / "theirs", "folder", "{stem}", PICTURES, PICTURES)
    with pytest.raises(InputError, match=r"4 of 8 .*nor has another one of their user \(Ben/0, .*`missing: clean`"):
        settle(alone, "drop")
    assert len(settle(alone, "clean").instead) == 6
