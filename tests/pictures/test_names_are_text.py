"""People called 007, 07 and 7, or nan and NULL, stay the people they are, wherever a table is read."""

import ast
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.rejected import read_rejected
from uncloak.pictures.split import read_split, split
from uncloak.records.extractors import Finetuned, Trained
from uncloak.records.reading import read
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import read_table, write_table

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"
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


RECORD = {
    "recipe": "train",
    "network": {"name": "pixels"},
    "input": {"size": [8, 8], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"},
    "train": {"data": "people", "held_out": 5, "iterations": 1, "batch": 8, "loss": {"name": "softmax"}},
}


@pytest.fixture
def lesson(monkeypatch):
    """What a training would learn: faces and identities. Nothing is trained."""
    pytest.importorskip("torch")
    from uncloak.defenses import robust_training
    from uncloak.extractors import fitting
    from uncloak.extractors.training import Learned

    learned = SimpleNamespace()

    def train(extractor, faces, identities, *others, **how):
        learned.faces, learned.identities = faces, identities
        return Learned(extractor, None)

    for module in (fitting, robust_training):
        monkeypatch.setattr(module, "train", train)
    return learned


def fit_new(world):
    """Train as a notebook does."""
    from uncloak.extractors.fitting import fit

    faces, pictures = read_arrays(world.folder / "faces.h5", "faces", "picture")
    return fit(read(Trained, RECORD), faces, pictures, read_split(world.folder / "split.csv"), 3, "new")


def check_lesson(world, lesson):
    fitted = fit_new(world)
    background = set(world.table.loc[world.table["role"] == "background", "identity"])
    assert len(set(lesson.identities)) == len(background) - 5
    assert set(lesson.identities) < background
    assert fitted.source == "trained on 25 background identities of people"
    assert fitted.record == {"network": RECORD["network"], "input": RECORD["input"]}
    own = world.table[world.table["identity"].isin(set(lesson.identities))]
    assert lesson.identities.tolist() == own["identity"].tolist()
    np.testing.assert_array_equal(lesson.faces, np.stack([world.faces[picture] for picture in own["picture"]]))


def test_a_trained_extractor_tells_people_of_equal_number_apart(world, lesson):
    check_lesson(world, lesson)


def test_a_trained_extractor_leaves_out_who_has_too_few_pictures(tmp_path, lesson):
    people = [f"person {number:02d}" for number in range(39)]
    world = make_world(tmp_path, [*pictures_of(people), "person 07b/00"])
    assert "person 07b" not in set(world.table["identity"])
    check_lesson(world, lesson)


def test_both_trainings_hold_out_the_same_people(world, lesson):
    from uncloak.defenses.robust_training import fit_robustly, read_public
    from uncloak.extractors import weights

    fitted = fit_new(world)
    trained = set(lesson.identities)
    origin = world.folder / "origin.safetensors"
    weights.save(origin, fitted.extractor, fitted.record, {})
    posted = world.table.loc[world.table["role"] == "public", "picture"].to_numpy(str)[:0]
    write_arrays(world.folder / "cloaked.h5", {"faces": np.empty((0, 32, 32, 3), np.uint8), "picture": posted}, {})
    shares = {"background": 0.4, "clean": 0.4, "perturbed": 0.2}
    public = {"dataset": "people", "attacks": ["lowkey"], "held_out": 4, "rehearsal": 9, "shares": shares, "anchor": 0}
    record = read(Finetuned, {"recipe": "finetune", "from": "old", "train": {**RECORD["train"], "public": public}})
    files = world.folder / "faces.h5", world.folder / "split.csv"
    people, split = read_public(*files), read_split(files[1])
    tuned = fit_robustly(record, origin, files[0], split, people, [world.folder / "cloaked.h5"], 3, "new")
    rehearsed = {name for name in lesson.identities if not name.startswith("public/")}
    assert rehearsed == trained
    assert len(set(lesson.identities) - rehearsed) == 9 - 4
    assert tuned.record == fitted.record
    assert tuned.source.startswith("tuned on 5 public identities of people, 0 of them also perturbed, in 0 faces at")


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

    # Who recognizes alone asks nobody else.
    asked = pd.DataFrame({"user": ["7", "07"], "defense": ["none", "top_2"], "passed_on": [None, 0.25]})
    write_table(asked, tmp_path / "errors.csv")
    found = read_table(tmp_path / "errors.csv")
    assert found["user"].tolist() == ["7", "07"]
    assert found["passed_on"].mean() == 0.25


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
