"""A user's own folder of photographs, through the workflow: good ones, damaged ones, none at all."""

import shutil

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

OVERLAY = """
run: {datasets: [mine]}
datasets:
  mine:
    label: mine
    source: folder
    root: mine
    layout: folder
    minimum_size: 40
    duplicate_distance: 2
    face_size: 64
    alignment: {face_detector: mtcnn, minimum_face: 40}
    split: {gallery: 0.7, minimum_pictures: 3, too_few: error, roles: {user: 1}, user_minimum_pictures: 4}
"""
TARGET = "results/mine/split.csv"


@pytest.fixture
def mine(finished, tmp_path):
    """A folder with the photographs of two drawn people, four of each, and how to run the workflow on it."""
    photographs = finished.folder / "results" / "synthetic" / "photographs"
    for person in ("person_0000", "person_0001"):
        for name in ("0000", "0001", "0002", "0003"):
            target = tmp_path / "data" / "mine" / person / f"{name}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photographs / person / f"{name}.jpg", target)
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(OVERLAY)
    shutil.rmtree(finished.folder / "results" / "mine", ignore_errors=True)

    def run(*arguments):
        return finished.snakemake(*arguments, TARGET, "--config", f"data={tmp_path / 'data'}", config=str(overlay))

    return tmp_path / "data" / "mine", run


def said(done):
    return done.stdout + done.stderr


def told(done):
    """The one line that tells what is wrong."""
    assert done.returncode != 0
    lines = {line.strip() for line in said(done).splitlines() if line.strip().startswith("error: ")}
    assert len(lines) == 1, said(done)
    return lines.pop()


def test_a_truncated_photograph_is_listed_and_the_run_goes_on(mine, finished):
    folder, run = mine
    damaged = folder / "person_0001" / "0002.jpg"
    damaged.write_bytes(damaged.read_bytes()[:3000])
    done = run("--cores", "2")
    assert done.returncode == 0, said(done)
    results = finished.folder / "results" / "mine"
    rejected = pd.read_csv(results / "rejected.csv")
    assert "person_0001/0002.jpg" in set(rejected["path"])
    assert rejected.set_index("path").loc["person_0001/0002.jpg", "reason"].startswith(("truncated", "unreadable"))
    assert len(pd.read_csv(results / "split.csv")) == 8 - len(rejected)

    # A touch changes nothing; one photograph more does.
    for path in folder.rglob("*.jpg"):
        path.touch()
    assert "Nothing to be done" in said(run("-n"))
    shutil.copyfile(folder / "person_0000" / "0000.jpg", folder / "person_0000" / "0004.jpg")
    assert "manifest" in said(run("-n"))


def test_an_empty_folder_is_told_in_one_line(mine):
    folder, run = mine
    shutil.rmtree(folder)
    folder.mkdir()
    assert "mine" in told(run("--cores", "1"))


def test_an_identity_with_too_few_pictures_is_told_in_one_line(mine):
    folder, run = mine
    for name in ("0001", "0002", "0003"):
        (folder / "person_0001" / f"{name}.jpg").unlink()
    line = told(run("--cores", "2"))
    assert "person_0001" in line
    assert "fewer than 3" in line
