"""The audit of one drawn person, from folders to tables, by one command; bad folders end it in one line."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import Checkout, copy_checkout
from PIL import Image

from uncloak.drawn.drawing import draw_photographs, picture_names

pytestmark = pytest.mark.slow

FUNCTION = '''
def embed(faces):
    """The means of a grid of 64 cells."""
    cells = faces.reshape(len(faces), 8, 14, 8, 14, 3)
    return cells.mean((2, 4)).reshape(len(faces), -1)
'''
OVERLAY = """
extractors:
  grid:
    label: A grid
    released: "2025-01-02"
    recipe: black_box
    box: {name: callable, function: "theirs:embed"}
    crop: {size: [112, 112], template: arcface}
    version: "1"
audit: {extractors: [grid], unprotected: [1]}

"""


class Mine:
    """A person's folders, and the command."""

    def __init__(self, checkout, folder):
        self.checkout, self.folder = checkout, folder
        self.results = checkout.folder / "results" / "audit" / "me"
        draw_photographs(
            folder / "others", folder / "landmarks.csv", "audit", 1, picture_names(4, 2, (1, 6)), 192, 1, 0.5
        )
        (folder / "others" / "person_0000").rename(folder / "clean")
        (folder / "cloaked").mkdir()
        for path in sorted((folder / "clean").iterdir())[:-1]:  # the tool skipped the last one
            picture = np.asarray(Image.open(path))
            Image.fromarray(255 - picture // 2).save(folder / "cloaked" / f"{path.stem}_cloaked.png")
        (folder / "audit.yaml").write_text(OVERLAY)

    def snakemake(self, *config, target="audit"):
        given = [f"clean={self.folder / 'clean'}", f"cloaked={self.folder / 'cloaked'}", "audit_name=me"]
        given += [f"crowd={self.folder / 'others'}", *config]
        return self.checkout.snakemake(
            "--cores", "2", target, "--config", *given, config=str(self.folder / "audit.yaml")
        )

    def read(self, name):
        return pd.read_csv(self.results / f"{name}.csv")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit") / "uncloak"
    copy_checkout(folder)
    (folder / "theirs.py").write_text(FUNCTION)
    return Checkout(folder)


@pytest.fixture
def mine(checkout, tmp_path):
    return Mine(checkout, tmp_path)


def said(done):
    return done.stdout + done.stderr


def told(done):
    """The one line that tells what is wrong."""
    assert done.returncode != 0
    assert "Traceback" not in said(done)
    lines = {line.strip() for line in said(done).splitlines() if line.strip().startswith("error: ")}
    assert len(lines) == 1, said(done)
    return lines.pop()


def test_one_command_answers_and_another_removes_all(mine):
    done = mine.snakemake()
    assert done.returncode == 0, said(done)
    found, pictures = mine.read("findings"), mine.read("pictures")
    assert set(found["cloak"].fillna("none")) == {"none", "cloaked"}
    assert set(found["treatment"].fillna("none")) == {"none", "jpeg75", "half", "jpeg_50", "blur_1"}
    assert set(found["extractor"]) == {"grid"}
    assert set(found["setting"]) == {"closed"}  # twelve faces are too few for a threshold
    probes = (pictures["part"] == "probe").sum()
    assert (found["probes"] == probes).all()
    assert probes == 2
    assert found["found"].between(0, probes).all()
    assert (found["low"] <= found["found"] / probes).all()
    assert (found["high"] >= found["found"] / probes).all()
    # One photograph was not cloaked: it is posted as it is, unless it is a probe.
    last = pictures[pictures["folder"] == "clean"].iloc[-1]
    posted = found[(found["cloak"] == "cloaked") & (found["unprotected"] == 0)]["gallery"].unique().tolist()
    assert posted == [(pictures["folder"] == "clean").sum() - probes]
    assert last["part"] in ("gallery", "probe")
    about = json.loads((mine.results / "audit.json").read_text())
    assert about["folders"] == {"clean": "clean", "cloaked": {"cloaked": "cloaked"}, "later": ""}
    assert about["crowd"] == {"label": "others", "people": 3, "pictures": 6, "left_out": 0}
    assert mine.read("extractors")["extractor"].tolist() == ["grid"]
    assert "Does my cloak still protect me?" in (mine.results / "audit.html").read_text(encoding="utf-8")

    assert "Nothing to be done" in said(mine.snakemake())
    outside = [
        path
        for path in (mine.checkout.folder / "results").rglob("*")
        if path.is_file() and not path.is_relative_to(mine.results) and b"0000_cloaked" in path.read_bytes()
    ]
    assert outside == []
    done = mine.snakemake(target="audit_clean")
    assert done.returncode == 0, said(done)
    assert not mine.results.exists()
    left = [path for path in (mine.checkout.folder / ".snakemake").rglob("*") if path.is_file()]
    assert not [path for path in left if b"results/audit/me" in path.read_bytes()]


def test_what_is_missing_is_told_in_one_line(mine):
    done = mine.checkout.snakemake("--cores", "1", "audit", config=str(mine.folder / "audit.yaml"))
    assert "clean=FOLDER" in told(done)


def test_a_bad_folder_is_told_in_one_line(mine):
    swapped = mine.snakemake(f"clean={mine.folder / 'cloaked'}", f"cloaked={mine.folder / 'clean'}")
    assert "swapped" in told(swapped)
    assert not (mine.results / "findings.csv").exists()
    shutil.rmtree(mine.folder / "clean")
    (mine.folder / "clean").mkdir()
    assert "holds no files" in told(mine.snakemake())
