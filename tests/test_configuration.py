"""Bad configurations: one clear line that names the place, and a non-zero exit."""

import copy
import dataclasses
import importlib
from pathlib import Path

import pytest
import yaml

from uncloak.configuration import check
from uncloak.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(place, value):
    """Return the default configuration with `value` at the dotted `place`."""
    config = copy.deepcopy(DEFAULT)
    *path, last = place.split(".")
    entry = config
    for key in path:
        entry = entry[key]
    entry[last] = value
    return config


def merged(base, overlay):
    """Return `base` with `overlay` merged in, as Snakemake merges configuration files."""
    result = dict(base)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def test_the_default_is_valid():
    check(DEFAULT, SCHEMA)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "resources" / "experiments").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_overlay_is_valid(path):
    config = DEFAULT
    if path.stem == "facescrub":  # is merged over that of LFW, whose extractors it takes
        config = merged(config, yaml.safe_load(path.with_name("lfw.yaml").read_text()))
    check(merged(config, yaml.safe_load(path.read_text())), SCHEMA)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("sed", 1, ["top level", "'sed' was unexpected"]),
        ("seed", "one", ["seed", "'one' is not of type 'integer'"]),
        ("datasets.synthetic.peple", 3, ["datasets.synthetic", "'peple' was unexpected"]),
        ("datasets.synthetic.split.gallery", 1.5, ["datasets.synthetic.split.gallery", "1.5"]),
        ("extractors.arcface.train.loss.name", "tripplet", ["extractors.arcface.train.loss.name", "'tripplet'"]),
        ("extractors.facenet.released", "soon", ["extractors.facenet.released", "'soon'"]),
        ("extractors.clip.from", "clap", ["extractors.clip.from", "no extractor 'clap'", "facenet"]),
        ("extractors.clip.from", "clip", ["extractors.clip.from", "tuned from itself"]),
        ("attacks.lowkey.surrogates", ["arkface"], ["attacks.lowkey.surrogates", "no extractor 'arkface'", "arcface"]),
        ("attacks.lowkey.options.stepps", 5, ["attacks.lowkey.options", "'stepps' was unexpected"]),
        ("attacks.fawkes_v10.options.mode", "highest", ["attacks.fawkes_v10.options.mode", "'highest'"]),
        ("attacks.fawkes_half.shares", {"lowkey": 0.5, "fawkes_v03": 0.6}, ["fawkes_half.shares", "1.1"]),
        ("attacks.fawkes_half.shares", {"fawkes_half": 0.5, "lowkey": 0.5}, ["is a mixture itself"]),
        (
            "attacks.lowkey.shares",
            {"fawkes_v03": 0.5, "fawkes_v10": 0.5},
            ["attacks.lowkey.shares", "has no place in a record of this kind"],
        ),
        ("attacks.lowkey.targets", {"choice": "nearest"}, ["attacks.lowkey.targets"]),
        ("attacks.lowkey.photograph", {"frame": "oval"}, ["attacks.lowkey.photograph.frame", "'oval'"]),
        ("attacks.lowkey.options.ensemble", "three", ["attacks.lowkey.options.ensemble", "'three'"]),
        ("attacks.lowkey.options.step", 10, ["attacks.lowkey.options", "'step' was unexpected"]),
        ("channels.jpeg75.steps", [{"method": "jpeg", "quality": 101}], ["channels.jpeg75.steps"]),
        ("run.channels", ["fax"], ["run.channels", "no channel 'fax'", "jpeg75"]),
        ("run.attacks", ["glaze"], ["run.attacks", "no attack 'glaze'", "lowkey"]),
        ("run.datasets", ["background"], ["run.datasets", "background identities only"]),
        ("datasets.second_world.attacks", ["glaze"], ["datasets.second_world.attacks", "no attack 'glaze'"]),
        ("datasets.public.perturb.public.identities", {"lowkey": 361}, ["361 identities", "360 have the role public"]),
        ("detectors.lowkey.attacks", ["glaze"], ["detectors.lowkey.attacks", "no attack 'glaze'"]),
        ("experiments.adaptive.robust", "strong", ["experiments.adaptive.robust", "no extractor 'strong'"]),
        ("experiments.adaptive.trained_on", {"glaze": "robust"}, ["experiments.adaptive.trained_on", "'glaze'"]),
        ("experiments.detection.detectors", ["both"], ["experiments.detection.detectors", "no detector 'both'"]),
        (
            "experiments.systems.systems.magface_clip.robust",
            "clap",
            ["experiments.systems.systems.magface_clip.robust", "no extractor 'clap'"],
        ),
        ("experiments.systems.share", 2, ["experiments.systems.share"]),
        ("datasets.synthetic.label", "us</script><script>", ["datasets.synthetic.label: has '</' in it", "report"]),
        ("datasets.synthetic.note", "a <SCRIPT", ["datasets.synthetic.note: has '<SCRIPT' in it"]),
    ],
)
def test_a_fault_is_named_in_one_line(place, value, words):
    with pytest.raises(InputError) as caught:
        check(changed(place, value), SCHEMA)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("method", ["lowkey", "fawkes_v03", "fawkes_v10", "pgd"])
def test_the_schema_knows_every_option_of_an_attack(method):
    module = importlib.import_module(f"uncloak.attacks.{method}")
    known = set(yaml.safe_load(SCHEMA.read_text())["$defs"][method]["properties"])
    # The file of AlexNet's weights comes from the folder of weights, not from the options.
    assert known == {field.name for field in dataclasses.fields(module.Options)} - {"alexnet"}
