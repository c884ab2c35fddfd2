"""What people add: a module or a folder, found by its name, with a record; then it is in tables and figures.

The files written here are all that it takes (docs/add), but for a test of each.
"""

import shutil

import pandas as pd
import pytest
from conftest import ROOT
from edited import edited

from uncloak import paths

pytestmark = pytest.mark.slow

METHOD = '''"""A cloak for this test: every picture is moved by a step away from grey."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        step: of 1.
    """

    step: float = 0.1


def attack(pictures, surrogates, options, seeds, *, targets=None, view=None, track=iter):
    """Return the perturbed pictures, float [N,3,H,W] in [0,1]."""
    for _ in track(range(1)):
        moved = pictures + options.step * (pictures - 0.5).sign()
    return moved.clamp(0, 1)
'''

NETWORK = '''"""A network for this test: the means of a grid."""

from torch import nn


def build(cells: int = 4) -> nn.Module:
    """Build the network: normalized faces [N,3,H,W] -> embeddings [N,8].

    Args:
        cells: along a side.
    """
    return nn.Sequential(nn.AdaptiveAvgPool2d(cells), nn.Flatten(), nn.Linear(3 * cells**2, 8))
'''

DEFENSE = '''"""A defense for this test: faces have a few shades alone."""

from dataclasses import dataclass

import numpy as np

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        shades: of each color.
    """

    shades: int = 8


def faces(scraped, options):
    """Return the treated faces, uint8 [N,S,S,3]."""
    width = 256 // options.shades
    return (scraped // width * width).astype(np.uint8)
'''

EXPERIMENT = '''"""An experiment for this test: who is protected at all?"""

from dataclasses import dataclass

TITLE = "Who is protected at all?"
CATEGORY = "Questions of this test"


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        least: rate from which somebody is protected.
    """

    least: float = 0.0
'''

MEASURE = '''"""Each user's error."""

import pandas as pd

from uncloak.recognition.evaluation import evaluate


def measure(given):
    """Return one row per user."""
    tables = [evaluate(each.comparisons, each.attacks, **each.names) for each in given.recognized()]
    return pd.concat(tables, ignore_index=True)
'''

FIGURE = '''"""A point for each rate."""

import altair as alt


def draw(given):
    """Draw who is protected."""
    rows = given.table()
    rows = rows[rows["protection_rate"] >= given.options.least]
    points = alt.Chart(rows, title=given.told["title"]).mark_point()
    return points.encode(x="attack_label:N", y="protection_rate:Q", color="extractor_label:N"), rows
'''

CAPTION = "**Who is protected at all?** Dataset: {dataset}. Shown are rates from {least}. Seed {seed}.\n"

LAYOUT = '''"""A layout for this test: whose a picture is stands in its name."""

from uncloak.folders import files_in


def people(root):
    """ROOT/IDENTITY-*"""
    for path in files_in(root):
        yield path.name.partition("-")[0], root, [path]
'''

LIBRARY = "workflow/uncloak"
FOLDER = f"{LIBRARY}/experiments/at_all"
ADDED = {
    f"{LIBRARY}/attacks/methods/away.py": METHOD,
    f"{LIBRARY}/extractors/networks/grid.py": NETWORK,
    f"{LIBRARY}/defenses/few_shades.py": DEFENSE,
    f"{LIBRARY}/layouts/by_name.py": LAYOUT,
    f"{FOLDER}/__init__.py": EXPERIMENT,
    f"{FOLDER}/measure.py": MEASURE,
    f"{FOLDER}/figure.py": FIGURE,
    f"{FOLDER}/caption.rst": CAPTION,
}

OVERLAY = """
run:
  datasets: [synthetic, theirs]
  extractors: [pixels, facenet, grid]
  attacks: [lowkey, away]
  defenses: [eight_shades]
  experiments: [protection, away_by_extractor, defenses, at_all, visibility]
attacks:
  away: {label: Away from grey, released: "2026-01-01", method: away, surrogates: [facenet], options: {step: 0.2}}
extractors:
  grid:
    label: Grid of means
    released: "2026-01-02"
    recipe: train
    network: {name: grid, cells: 2}
    input: {size: [64, 64], template: arcface, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], color: rgb}
    train: {data: background, held_out: 4, iterations: 3, batch: 16, loss: {name: softmax}}
defenses:
  eight_shades: {label: Eight shades, method: few_shades, options: {shades: 8}}
experiments:
  at_all: {options: {least: 0.0}}
  away_by_extractor: {method: by_extractor, title: "How long does it last?", attacks: [lowkey, away]}
  defenses: {extractors: [grid], attacks: [lowkey, away]}
datasets:
  theirs:
    label: Their photographs
    source: folder
    root: theirs
    layout: by_name
    minimum_size: 40
    duplicate_distance: 0
    face_size: 64
    alignment: {face_detector: mtcnn, minimum_face: 40}
    split: {gallery: 0.7, minimum_pictures: 3, too_few: error, roles: {user: 2}, user_minimum_pictures: 6}
    extractors: [grid]
    attacks: [away]
    visibility: false
"""


class World:
    """A finished checkout with one of each added, and a folder of pictures in the new layout."""

    def __init__(self, checkout, data):
        self.checkout, self.data = checkout, data
        (data / "theirs").mkdir()
        for path in (checkout.folder / "results" / "synthetic" / "photographs").rglob("*.jpg"):
            shutil.copyfile(path, data / "theirs" / f"{path.parent.name}-{path.name}")
        for name, text in ADDED.items():
            self.path(name).parent.mkdir(exist_ok=True)
            self.path(name).write_text(text)
        self.path("mine.yaml").write_text(OVERLAY)

    def path(self, name):
        return self.checkout.folder / name

    def run(self, *arguments):
        process = self.checkout.start(
            *arguments, "--config", f"data={self.data}", configs=["tests/worlds/tiny.yaml", "mine.yaml"]
        )
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stdout + stderr
        return stdout

    def made(self):
        """File -> whether a run would make it again; but for the overview, which tells of them all."""
        rows = [line.split("\t") for line in self.run("--summary").splitlines() if line.startswith("results/")]
        assert rows
        return {row[0]: row[-1] != "no update" for row in rows if row[0] not in (paths.OVERVIEW, paths.PROVENANCE)}

    def stale(self):
        return {path for path, again in self.made().items() if again}

    def table(self, name, dataset="synthetic"):
        return pd.read_csv(self.path(f"results/{dataset}/{name}"), keep_default_na=False)


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    world = World(finished, tmp_path_factory.mktemp("data"))
    before = world.stale()
    # What was there is left alone; nothing of the surrogates and attacks of before is made again.
    assert {"results/synthetic/perturbed/away.h5", "results/extractors/grid.safetensors"} <= before
    assert not before & {"results/synthetic/perturbed/lowkey.h5", "results/extractors/facenet.safetensors"}
    world.run("--cores", "2")
    return world


def figure(name, dataset="synthetic"):
    return {f"results/{dataset}/figures/{name}.{kind}" for kind in ("html", "svg", "png", "csv")}


def measured(*names, dataset="synthetic"):
    """Everything of these experiments."""
    tables = {
        f"results/{dataset}/{path}"
        for name in names
        for path in (f"experiments/{name}/errors.csv", f"tables/{name}.csv")
    }
    return tables | {path for name in names if name != "protection" for path in figure(name, dataset)}


def embedded(extractor, *postings, dataset="synthetic"):
    return {f"results/{dataset}/embeddings/{extractor}/{posting}.h5" for posting in postings}


def test_one_of_each_is_in_tables_and_figures(world):
    for name in (
        "tables/protection.csv",
        "figures/away_by_extractor.csv",
        "figures/at_all.csv",
        "figures/defenses.csv",
    ):
        table = world.table(name)
        assert "Grid of means" in set(table["extractor_label"]), name
        assert "Away from grey" in set(table["attack_label"]), name
    assert "Away from grey" in set(world.table("figures/visibility.csv")["attack_label"])
    for name in ("tables/defenses.csv", "figures/defenses.csv"):
        assert set(world.table(name)["defense_label"]) == {"none", "Eight shades"}
    theirs = world.table("figures/at_all.csv", "theirs")
    assert set(theirs["extractor_label"]) == {"Grid of means"}
    assert set(theirs["n_users"]) == {2}
    manifest = world.table("manifest.csv", "theirs")
    assert set(manifest["identity"]) == set(world.table("manifest.csv")["identity"])
    assert not world.stale()


def test_no_other_file_is_changed(world):
    folder = world.checkout.folder
    ours = {path.relative_to(ROOT): path for path in (ROOT / "workflow").rglob("*") if path.is_file()}
    theirs = {path.relative_to(folder): path for path in (folder / "workflow").rglob("*") if path.is_file()}
    named = {str(name) for name in theirs.keys() - ours.keys() if "__pycache__" not in name.parts}
    assert named == set(ADDED)
    there = [name for name in ours if "__pycache__" not in name.parts]
    assert [str(name) for name in there if ours[name].read_bytes() != theirs[name].read_bytes()] == []


def test_an_edit_of_each_makes_exactly_its_descendants_stale(world):
    shown = ("protection", "away_by_extractor", "at_all")
    both = measured(*shown) | measured(*shown, dataset="theirs")
    with edited(world.path(f"{LIBRARY}/attacks/methods/away.py"), "0.5).sign()", "0.4).sign()"):
        assert world.stale() == {
            *("results/synthetic/perturbed/away.h5", "results/theirs/perturbed/away.h5"),
            *embedded("facenet", "away"),
            *embedded("grid", "away", "away~eight_shades"),
            *embedded("grid", "away", dataset="theirs"),
            *both,
            *measured("defenses", "visibility"),
        }
    with edited(world.path(f"{LIBRARY}/extractors/networks/grid.py"), "nn.Flatten()", "nn.Flatten(1)"):
        assert world.stale() == {
            "results/extractors/grid.safetensors",
            *embedded("grid", "clean", "lowkey", "away"),
            *embedded("grid", *(f"{posting}~eight_shades" for posting in ("clean", "lowkey", "away"))),
            *embedded("grid", "clean", "away", dataset="theirs"),
            *(f"results/synthetic/recognition/grid{treated}/comparisons.h5" for treated in ("", "~eight_shades")),
            "results/theirs/recognition/grid/comparisons.h5",
            *both,
            *measured("defenses"),
            *figure("visibility"),
        }
    with edited(world.path(f"{LIBRARY}/defenses/few_shades.py"), "* width", "* width + 1"):
        assert world.stale() == {
            *embedded("grid", *(f"{posting}~eight_shades" for posting in ("clean", "lowkey", "away"))),
            "results/synthetic/recognition/grid~eight_shades/comparisons.h5",
            *measured("defenses"),
        }
    with edited(world.path(f"{FOLDER}/measure.py"), "ignore_index=True", "ignore_index=False"):
        assert world.stale() == measured("at_all") | measured("at_all", dataset="theirs")
    layout = world.path(f"{LIBRARY}/layouts/by_name.py")
    with edited(layout, 'partition("-")[0]', 'rpartition("-")[0]'):
        assert world.stale() == {path for path in world.made() if path.startswith("results/theirs/")}
    for name, old, new in (("figure.py", "mark_point()", "mark_square()"), ("caption.rst", "Shown are", "These are")):
        with edited(world.path(f"{FOLDER}/{name}"), old, new):
            assert world.stale() == figure("at_all") | figure("at_all", "theirs")


def test_a_label_restales_the_tables_and_figures_that_hold_it(world):
    with edited(world.path("mine.yaml"), "label: Eight shades", "label: 8 shades"):
        assert world.stale() == figure("defenses") | {"results/synthetic/tables/defenses.csv"}
    with edited(world.path("mine.yaml"), "How long does it last?", "For how long?"):
        assert world.stale() == figure("away_by_extractor") | figure("away_by_extractor", "theirs")
