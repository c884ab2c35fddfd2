"""The folders of experiments: planned without what computes, whole, and with captions that say what they promise."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest
from configurations import configuration
from docutils.core import publish_parts

from uncloak.errors import InputError
from uncloak.plan import claims, experiments
from uncloak.plan.asked import Asked
from uncloak.provenance import code_files
from uncloak.records import plugins

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
FOLDERS = plugins.names(plugins.EXPERIMENT)
WORLDS = {
    "default": [],
    "tiny": ["tests/worlds/tiny.yaml"],
    "tiny with experiments": ["tests/worlds/tiny.yaml", "tests/worlds/tiny_experiments.yaml"],
    "channels": ["resources/worlds/channels.yaml"],
    "table1": ["resources/worlds/table1.yaml"],
    "collusion": ["resources/worlds/collusion.yaml"],
    "fawkes_detection": ["resources/worlds/fawkes_detection.yaml"],
    "fawkes_modes": ["resources/worlds/fawkes_modes.yaml"],
    "lowkey_surrogates": ["resources/worlds/lowkey_surrogates.yaml"],
    "lowkey_variants": ["resources/worlds/lowkey_variants.yaml"],
    "newer_cloaks": ["resources/worlds/newer_cloaks.yaml"],
    "photographs": ["resources/worlds/photographs.yaml"],
    "robust_trackers": ["resources/worlds/robust_trackers.yaml"],
    "seeds": ["resources/worlds/seeds.yaml"],
    "lfw": ["resources/worlds/lfw.yaml"],
}
WORLDS["lfw_surrogates"] = [*WORLDS["lfw"], "resources/worlds/lfw_surrogates.yaml"]
WORLDS["lfw_newer_cloaks"] = [*WORLDS["lfw"], "resources/worlds/newer_cloaks.yaml"]
WORLDS["lfw_fawkes_detection"] = [*WORLDS["lfw"], "resources/worlds/fawkes_detection.yaml"]
WORLDS["lfw_photographs"] = [*WORLDS["lfw"], "resources/worlds/lfw_photographs.yaml"]
WORLDS["lfw_magnitude"] = [*WORLDS["lfw_photographs"], "resources/worlds/lfw_magnitude.yaml"]
WORLDS["timeline"] = [*WORLDS["lfw"], "resources/worlds/timeline.yaml"]
WORLDS["facescrub"] = ["resources/worlds/facescrub.yaml"]
WORLDS["lfw_surrogates"] = [*WORLDS["lfw"], "resources/worlds/lfw_surrogates.yaml"]
WORLDS["pubfig"] = [*WORLDS["facescrub"], "resources/worlds/pubfig.yaml"]
HEAVY = ("altair", "h5py", "numpy", "pandas", "PIL", "scipy", "sklearn", "torch")
LOADED = f"""
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))
"""


@pytest.mark.parametrize("name", FOLDERS)
def test_planning_an_experiment_loads_nothing_that_computes(name):
    command = [sys.executable, "-c", LOADED, f"uncloak.experiments.{name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_are_whole(name):
    parts = plugins.parts(plugins.EXPERIMENT, name)
    assert set(parts) & {"measure", "figure"}
    assert set(parts) <= {"measure", "figure"}
    for part, function in (("measure", "measure"), ("figure", "draw")):
        if part in parts:
            assert callable(getattr(import_module(f"uncloak.experiments.{name}.{part}"), function))
    module = import_module(f"uncloak.experiments.{name}")
    assert module.TITLE
    if "figure" in parts:
        assert module.CATEGORY
        assert plugins.beside(plugins.EXPERIMENT, name, "caption.rst").startswith("**")
    else:
        with pytest.raises(InputError, match="every figure has a caption, so write it"):
            plugins.beside(plugins.EXPERIMENT, name, "caption.rst")


def drawn(config):
    """Return every figure that a run makes of a dataset, as the rule that draws it is asked for it."""
    names = experiments.by_part(config, "figure")
    return [
        each
        for name in experiments.names(config)
        if name in names and config["experiments"][name]["method"] != claims.METHOD
        for each in experiments.made(config, name)
    ]


@pytest.mark.parametrize("world", list(WORLDS))
def test_captions_are_filled_in(world, tmp_path):
    config = configuration(*WORLDS[world], {"data": str(tmp_path)})
    for record in config["datasets"].values():
        (tmp_path / record.get("root", "")).mkdir(parents=True, exist_ok=True)
    found = drawn(config)
    assert found
    for asked in found:
        caption = experiments.caption(config, asked.experiment, asked.dataset)
        record = config["datasets"][asked.dataset]
        assert f"Dataset: {record['label']}." in " ".join(caption.split()), asked.experiment
        assert re.search(rf"Seed\s+{config['seed']}\.", caption), asked.experiment
        assert "{" not in caption
        assert caption.endswith(record.get("note", ""))
        assert asked.paper in caption, asked.experiment
        assert_renders(caption)


@pytest.mark.parametrize("script", ["measure", "average"])
@pytest.mark.parametrize("name", FOLDERS)
def test_no_edit_of_a_figure_makes_numbers_stale(name, script):
    """What looks alone, themes and charts, is imported by jobs that draw."""
    if "measure" in plugins.parts(plugins.EXPERIMENT, name):
        used = code_files(SCRIPTS / f"{script}.py", f"uncloak.experiments.{name}.measure")
        assert len(used) > 2
        assert not [file for file in used if file.parent.name == "figures" or file.name == "figure.py"]


def test_every_figure_is_drawn_in_some_world():
    methods = {asked.record["method"] for world in WORLDS.values() for asked in drawn(configuration(*world))}
    with_figure = {name for name in FOLDERS if "figure" in plugins.parts(plugins.EXPERIMENT, name)}
    assert methods == with_figure - {"claims"}


def test_the_caption_of_claims_names_all_its_datasets():
    config = configuration()
    caption = claims.caption(config)
    for name in config["experiments"]["claims"]["datasets"]:
        assert config["datasets"][name]["label"] in caption
    assert "{" not in caption
    assert_renders(caption)


def test_captions_say_numbers_of_the_options():
    config = configuration({"experiments": {"detection": {"options": {"threshold": 0.25}}}})
    assert "at the threshold 0.25." in experiments.caption(config, "detection", "synthetic")
    for start, words in (("robust", "the robust extractor"), ("extractor", "the plain extractor")):
        config = configuration({"experiments": {"classifiers": {"options": {"robust_start": start}}}})
        assert words in experiments.caption(config, "classifiers", "synthetic")


def test_captions_name_nothing_but_what_is_known_wherever_a_figure_is_drawn():
    config = configuration()
    for name in experiments.by_part(config, "figure"):
        if (method := config["experiments"][name]["method"]) != claims.METHOD:
            text = plugins.beside(plugins.EXPERIMENT, method, "caption.rst")
            fields = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
            known = {"dataset", "n_users", "seed", "paper", "metric"}
            asked = Asked(config, name, config["run"]["datasets"][0])
            assert fields <= known | set(asked.words()["options"]) | set(asked.about("shown", lambda _: {})(asked))


def test_a_published_system_is_one_of_ours():
    stricter = {"label": "stricter", "method": "confidence_threshold", "options": {"second": "clip", "share": 0.01}}
    asked = {"defenses": ["top_2_clip", "top_2_robust", "threshold_clip", "stricter"]}
    config = configuration({"defenses": {"stricter": stricter}, "experiments": {"systems": asked}})
    spelled = [each for each in claims.words(config)["spelled"] if each["name"] == "magface_clip"]
    assert {(each["defense"], each["classifier"]) for each in spelled} == {
        ("top_2_clip", "top 2"),
        ("threshold_clip", "confidence threshold"),
    }


def test_collusion_shows_a_pair_of_models_once():
    stricter = {"label": "stricter", "method": "confidence_threshold", "options": {"second": "robust", "share": 0.01}}
    collusion = {"defenses": ["threshold_robust", "stricter"]}
    with pytest.raises(InputError, match=r"experiments.collusion.defenses: several are of 'arcface' and 'robust'"):
        configuration({"defenses": {"stricter": stricter}, "experiments": {"collusion": collusion}})


def assert_renders(text):
    """The text is reStructuredText without a fault."""
    publish_parts(text, writer="html", settings_overrides={"halt_level": 2, "report_level": 2})
