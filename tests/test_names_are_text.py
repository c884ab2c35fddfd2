"""People called 007, 07 and 7, or nan and NULL, stay the people they are, in every script that reads a table."""

import ast
import json
import runpy
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.rejected import read_rejected
from uncloak.pictures.split import read_split, split
from uncloak.store import write_arrays
from uncloak.tables import read_table, write_table

WORKFLOW = Path(__file__).resolve().parents[1] / "workflow"
# A column of numbers alone is read as numbers, and one with other names in it as text with gaps.
NUMBERS = ["007", "07", "7", "1e3", "1000", *(f"{number:07d}" for number in range(100, 134))]
WORDS = [
    "nan",
    "NaN",
    "NULL",
    "null",
    "NA",
    "None",
    "<NA>",
    "#NA",
    "True",
    *(f"person {number}" for number in range(30)),
]


def pictures_of(people):
    return [f"{person}/{stem:02d}" for person in people for stem in range(6)]


def make_world(folder, pictures):
    """Files of faces and a split: most of the people are background, the others public; few pictures are dropped."""
    pictures = np.array(sorted(pictures))
    table, _ = split(
        pictures, {"background": 30, "public": 9}, seed=3, minimum_pictures=2, minimum_user_pictures=4, too_few="drop"
    )
    write_table(table, folder / "split.csv")
    faces = np.random.default_rng(1).integers(0, 256, (len(pictures), 32, 32, 3), dtype=np.uint8)
    write_arrays(folder / "faces.h5", {"faces": faces, "picture": pictures}, {"recipe": "r"})
    return SimpleNamespace(folder=folder, table=table, faces=dict(zip(pictures, faces, strict=True)))


@pytest.fixture(params=[NUMBERS, WORDS], ids=["numbers", "words"])
def world(tmp_path, request):
    return make_world(tmp_path, pictures_of(request.param))


class Files(list):
    """A job's files as Snakemake gives them: by name, and each name a list."""

    def __init__(self, **named):
        super().__init__()
        vars(self).update(named)

    def get(self, name, default=None):
        return vars(self).get(name, default)


def learned_by(script, world, monkeypatch, options, **inputs):
    """Run a training script up to its training; return the faces and identities that it would learn, and metadata."""
    pytest.importorskip("torch")
    from uncloak import jobs
    from uncloak.extractors import training, weights

    lesson = {}

    def train(extractor, faces, identities, *others):
        lesson.update(faces=faces, identities=identities)
        return extractor

    def save(path, extractor, record, metadata):
        lesson.update(metadata)

    monkeypatch.setattr(jobs, "logged", lambda log: nullcontext())
    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(weights, "save", save)
    network = {"network": {"name": "pixels"}}
    size = {"input": {"size": [8, 8], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}}
    job = SimpleNamespace(
        threads=1,
        log=[""],
        wildcards=SimpleNamespace(extractor="new"),
        params=SimpleNamespace(spec=json.dumps({**network, **size, "train": options}), seed=3, code="c"),
        input=Files(faces=world.folder / "faces.h5", split=world.folder / "split.csv", **inputs),
        output=[""],
    )
    runpy.run_path(str(WORKFLOW / "scripts" / f"{script}.py"), init_globals={"snakemake": job})
    return SimpleNamespace(**lesson)


OPTIONS = {
    "data": "people",
    "held_out": 5,
    "iterations": 1,
    "precision": "float32",
    "batch": 8,
    "learning_rate": 0.1,
    "loss": {"name": "softmax"},
}


def check_lesson(world, lesson):
    background = set(world.table.loc[world.table["role"] == "background", "identity"])
    assert len(set(lesson.identities)) == len(background) - 5
    assert set(lesson.identities) < background
    assert lesson.source == "trained on 25 background identities of people"
    own = world.table[world.table["identity"].isin(set(lesson.identities))]
    assert lesson.identities.tolist() == own["identity"].tolist()
    np.testing.assert_array_equal(lesson.faces, np.stack([world.faces[picture] for picture in own["picture"]]))


def test_a_trained_extractor_tells_people_of_equal_number_apart(world, monkeypatch):
    check_lesson(world, learned_by("train_extractor", world, monkeypatch, OPTIONS))


def test_a_trained_extractor_leaves_out_who_has_too_few_pictures(tmp_path, monkeypatch):
    people = [f"person {number:02d}" for number in range(39)]
    world = make_world(tmp_path, [*pictures_of(people), "person 07b/00"])
    assert "person 07b" not in set(world.table["identity"])
    check_lesson(world, learned_by("train_extractor", world, monkeypatch, OPTIONS))


def test_both_trainings_hold_out_the_same_people(world, monkeypatch):
    pytest.importorskip("torch")
    from uncloak.extractors import weights
    from uncloak.extractors.extractor import build

    record = {
        "network": {"name": "pixels"},
        "input": {"size": [8, 8], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3},
    }
    origin = world.folder / "origin.safetensors"
    weights.save(origin, build(record), record, {})
    posted = world.table.loc[world.table["role"] == "public", "picture"].to_numpy(str)[:0]
    write_arrays(world.folder / "cloaked.h5", {"faces": np.empty((0, 32, 32, 3), np.uint8), "picture": posted}, {})
    public = {
        "dataset": "people",
        "held_out": 4,
        "rehearsal": 9,
        "shares": {"background": 0.5, "clean": 0.5},
        "anchor": 0,
    }
    trained = learned_by("train_extractor", world, monkeypatch, OPTIONS)
    tuned = learned_by(
        "tune_robustly",
        world,
        monkeypatch,
        {**OPTIONS, "public": public},
        origin=[origin],
        perturbed=[world.folder / "cloaked.h5"],
        public_faces=[world.folder / "faces.h5"],
        public_split=[world.folder / "split.csv"],
    )
    rehearsed = {name for name in tuned.identities if not name.startswith("public/")}
    assert rehearsed == set(trained.identities)
    assert len(set(tuned.identities) - rehearsed) == 9 - 4


def test_tables_keep_names_and_gaps(tmp_path):
    manifest = pd.DataFrame(
        {
            "picture": ["007/1", "nan/NA"],
            "identity": ["007", "nan"],
            "path": ["007/1.jpg", "nan/NA.png"],
            "sha256": ["0" * 64, "1e10"],
            "width": [64, 65],
            "height": [66, 67],
        }
    )
    write_table(manifest, tmp_path / "manifest.csv")
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "manifest.csv"), manifest, check_dtype=False)

    rejected = pd.DataFrame({"picture": ["1/NA", "2/2"], "path": ["1/NA.jpg", "2/2.jpg"], "reason": ["nan", ""]})
    write_table(rejected, tmp_path / "rejected.csv")
    pd.testing.assert_frame_equal(read_rejected(tmp_path / "rejected.csv"), rejected)

    targets = pd.DataFrame({"picture": ["7/1"], "target": ["null"], "path": ["01"], "lpips": [None], "dssim": [0.5]})
    write_table(targets, tmp_path / "targets.csv")
    found = read_table(tmp_path / "targets.csv")
    assert found.loc[0, ["target", "path"]].tolist() == ["null", "01"]
    assert np.isnan(found.loc[0, "lpips"])
    assert found.loc[0, "dssim"] == 0.5


def test_another_table_is_no_split(tmp_path):
    write_table(pd.DataFrame({"picture": ["a/1"], "identity": ["a"], "part": ["none"]}), tmp_path / "split.csv")
    with pytest.raises(InputError, match=r"split\.csv: has no column 'role'"):
        read_split(tmp_path / "split.csv")


def test_tables_are_read_in_one_place():
    """Read elsewhere, names become numbers again. (Benchmarks of Snakemake's are separated by tabs and hold none.)"""
    readers = {
        path.relative_to(WORKFLOW).as_posix()
        for path in WORKFLOW.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("read_csv", "read_table", "DictReader", "reader")
    }
    assert readers == {"uncloak/tables.py", "uncloak/figures/timings.py"}
