"""The paths of results: spelled once, with names filled in."""

import re
from pathlib import Path

import pytest

from uncloak import paths

WORKFLOW = Path(__file__).resolve().parents[1] / "workflow"
PATTERNS = {
    (name, part): path
    for name, value in vars(paths).items()
    if name.isupper()
    for part, path in (value if isinstance(value, dict) else {"": value}).items()
}


@pytest.mark.parametrize(
    ("pattern", "names", "path"),
    [
        (paths.FACES, {"dataset": "lfw"}, "results/lfw/faces.h5"),
        (paths.PERTURBED, {"dataset": "lfw", "attack": "lowkey"}, "results/lfw/perturbed/lowkey.h5"),
        (paths.EXTRACTOR, {"extractor": "clip"}, "results/extractors/clip.safetensors"),
        (
            paths.EMBEDDINGS,
            {"dataset": "lfw", "extractor": "clip", "posting": "lowkey.jpeg75"},
            "results/lfw/embeddings/clip/lowkey.jpeg75.h5",
        ),
        (
            paths.COMPARISONS,
            {"dataset": "lfw", "extractor": "clip", "treated": "~blur_1"},
            "results/lfw/recognition/clip~blur_1/comparisons.h5",
        ),
        # A rule leaves what its wildcards will say in braces.
        (paths.TABLE, {"experiment": "ranks"}, "results/{dataset}/tables/ranks.csv"),
    ],
)
def test_names_are_filled_in(pattern, names, path):
    assert paths.fill(pattern, **names) == path


def test_a_name_that_a_path_does_not_depend_on_is_refused():
    with pytest.raises(KeyError, match="extractor"):
        paths.fill(paths.FACES, extractor="clip")


def test_a_figure_has_pictures_and_a_table_beside_its_page():
    drawings = paths.drawings(paths.fill(paths.FIGURE, dataset="lfw", experiment="ranks"))
    assert drawings == {kind: f"results/lfw/figures/ranks.{kind}" for kind in ("svg", "png", "csv")}


def test_no_two_things_lie_in_one_place():
    assert len(set(PATTERNS.values())) == len(PATTERNS)
    assert all(pattern.startswith("results/") for pattern in PATTERNS.values())


def test_paths_of_results_are_spelled_in_one_place_alone():
    files = [path for ending in ("smk", "py") for path in WORKFLOW.rglob(f"*.{ending}")]
    spelling = [path.name for path in files if re.search(r"[\"']results/", path.read_text())]
    assert spelling == ["paths.py"]
