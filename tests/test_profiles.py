"""The profiles: what they have in common, and that what they name is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROFILES = ROOT / "profiles"
RULES = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))


def read(name):
    return yaml.safe_load((PROFILES / name / "config.yaml").read_text())


def test_a_cluster_without_gpus_differs_by_one_line():
    with_gpus = read("slurm")
    with_gpus["resources"]["gpu"] = 0
    assert read("slurm-cpu") == with_gpus


def test_groups_are_of_rules_that_there_are_and_have_a_size():
    profile, components = read("slurm"), dict(each.split("=") for each in read("slurm")["group-components"])
    groups = dict(each.split("=") for each in profile["groups"])
    rules = set(re.findall(r"^(?:rule|checkpoint) (\w+):", RULES, re.M)) | set(re.findall(r" as (\w+) with:", RULES))
    assert not groups.keys() - rules
    assert not components.keys() - set(groups.values())


@pytest.mark.parametrize("name", sorted(path.name for path in PROFILES.iterdir()))
def test_every_profile_restales_by_the_same(name):
    assert read(name)["rerun-triggers"] == read("default")["rerun-triggers"]
