"""A function and a command are evaluated beside the extractors of a finished run, and only they are embedded anew."""

import sys

import pandas as pd
import pytest
from edited import edited

from uncloak import paths

pytestmark = pytest.mark.slow

FUNCTION = '''
def embed(faces):
    """The means of a grid of 16 cells."""
    assert faces.shape[1:] == (112, 96, 3), faces.shape
    cells = faces.reshape(len(faces), 4, 28, 4, 24, 3)
    return cells.mean((2, 4)).reshape(len(faces), -1)
'''
PROGRAM = """
import sys
from pathlib import Path

import numpy as np
from PIL import Image

pictures, embeddings = sys.argv[1:]
grey = [np.asarray(Image.open(path).convert("L").resize((8, 8))) for path in sorted(Path(pictures).iterdir())]
np.save(embeddings, np.array(grey, np.float64).reshape(len(grey), -1))
"""
OVERLAY = f"""
run:
  extractors: [pixels, facenet, service, program]
  attacks: [lowkey, fawkes_half, fawkes_v10]
  defenses: [jpeg_50]
  experiments: [protection, lowkey_by_extractor, ranks, verification, defenses, systems]
extractors:
  service:
    label: A service
    released: "2025-01-02"
    recipe: black_box
    box: {{name: callable, function: "theirs:embed"}}
    crop: {{size: [112, 96], template: arcface_112x96}}
    version: "1"
  program:
    label: A program
    released: "2025-02-03"
    recipe: black_box
    box: {{name: command, command: "{sys.executable} program.py <pictures> <embeddings>"}}
    crop: {{size: [112, 112], template: arcface}}
defenses:
  top_2_service: {{label: "a service, too (top 2)", method: top_2, options: {{second: service}}}}
experiments:
  ranks: {{extractors: [service, program]}}
  verification: {{extractors: [service, program]}}
  defenses: {{extractors: [facenet, service, program], attacks: [lowkey]}}
  systems: {{datasets: [synthetic], extractors: [facenet, program], attacks: [lowkey], defenses: [top_2_service]}}
"""
LINEAR = "results/synthetic/recognition/service/linear.csv"


class World:
    """A finished checkout, with a function and a program in the folder where it runs."""

    def __init__(self, checkout):
        self.checkout = checkout
        for name, text in (("theirs.py", FUNCTION), ("program.py", PROGRAM), ("mine.yaml", OVERLAY)):
            self.path(name).write_text(text)

    def path(self, name):
        return self.checkout.folder / name

    def start(self, *arguments):
        process = self.checkout.start(*arguments, configs=["tests/worlds/tiny.yaml", "mine.yaml"])
        stdout, stderr = process.communicate()
        return process.returncode, stdout, stderr

    def run(self, *arguments):
        status, stdout, stderr = self.start(*arguments)
        assert status == 0, stdout + stderr
        return stdout

    def stale(self):
        rows = [line.split("\t") for line in self.run("--summary", "all", LINEAR).splitlines()]
        made = {row[0]: row[-1] != "no update" for row in rows if row[0].startswith("results/")}
        assert made
        return {path for path, again in made.items() if again} - {paths.OVERVIEW, paths.PROVENANCE}  # of them all

    def table(self, name):
        return pd.read_csv(self.path(f"results/synthetic/{name}"), keep_default_na=False)


@pytest.fixture(scope="module")
def world(finished):
    world = World(finished)
    before = world.stale()
    assert set(embedded("service", "clean", "lowkey", "lowkey~jpeg_50")) <= before
    # Of those that were there before, only faces treated for the new question and the new experiments are missing.
    assert not {path for path in before if path.startswith(("results/extractors/", "results/synthetic/perturbed/"))}
    world.run("--cores", "2", "all", LINEAR)
    return world


def embedded(extractor, *postings):
    return [f"results/synthetic/embeddings/{extractor}/{posting}.h5" for posting in postings]


def test_both_are_in_tables_and_figures(world):
    for name in ("tables/protection.csv", "figures/lowkey_by_extractor.csv", "tables/ranks.csv"):
        assert {"A service", "A program"} <= set(world.table(name)["extractor_label"]), name
    assert {"service", "program"} <= set(world.table("tables/verification.csv")["extractor"])
    defended = world.table("tables/defenses.csv")
    assert set(defended[defended["defense"] == "jpeg_50"]["extractor"]) == {"facenet", "service", "program"}
    systems = world.table("tables/systems.csv")
    assert set(systems[systems["defense"] == "top_2_service"]["extractor"]) == {"facenet", "program"}
    errors = world.table("experiments/protection/errors.csv")
    # Small pictures tell people apart better than chance.
    clean = errors[(errors["attack"] == "none") & errors["extractor"].isin(["service", "program"])]
    assert clean.groupby("extractor")["error"].mean().max() < 0.9
    assert set(world.table("recognition/service/linear.csv")["attack"]) == {"none"}
    assert not list(world.path("results/extractors").glob("service*"))
    assert not world.stale()


def test_what_changes_a_box_makes_its_own_embeddings_stale_and_no_other(world):
    postings = ("clean", "lowkey", "fawkes_v03", "fawkes_v10", "clean~jpeg_50", "lowkey~jpeg_50")
    with edited(world.path("mine.yaml"), 'version: "1"', 'version: "2"'):
        stale = world.stale()
    assert {path for path in stale if "/embeddings/" in path} == set(embedded("service", *postings))
    compared = {path for path in stale if "/recognition/" in path}
    assert compared == {
        LINEAR,
        *(f"results/synthetic/recognition/service{treated}/comparisons.h5" for treated in ("", "~jpeg_50")),
    }
    assert not {path for path in stale if "/perturbed/" in path or "/extractors/" in path}
    module = world.path("workflow/uncloak/extractors/black_boxes/command.py")
    with edited(module, "_SAID = 300", "_SAID = 301"):
        assert {path for path in world.stale() if "/embeddings/" in path} == set(embedded("program", *postings))


def test_a_label_restales_tables_and_figures_alone(world):
    with edited(world.path("mine.yaml"), "label: A service", "label: The service"):
        assert {path.split("/")[2] for path in world.stale()} == {"tables", "figures"}


def test_code_that_nobody_can_digest_restales_nothing(world):
    with edited(world.path("theirs.py"), "mean(", "max("):
        assert not world.stale()


@pytest.mark.parametrize("body", ["raise RuntimeError('no credit')", "return None", "import os; os._exit(7)"])
def test_a_box_that_fails_leaves_nothing(world, body):
    path = world.path(embedded("service", "lowkey")[0])
    whole = path.read_bytes()
    path.unlink()
    try:
        with edited(world.path("theirs.py"), "    assert", f"    {body}\n    assert"):
            status, _, said = world.start("--cores", "1", str(path.relative_to(world.checkout.folder)))
        assert status != 0
        lines = [line for line in said.splitlines() if line.startswith("error: ")]
        assert len(lines) == (0 if "_exit" in body else 1), said
        assert all("black box callable" in line for line in lines)
        assert sorted(each.name for each in path.parent.glob(".*")) == [".seals"]
        assert not path.exists()
    finally:
        world.run("--cores", "1", str(path.relative_to(world.checkout.folder)))
    assert path.read_bytes() == whole
