"""The profiles: what they have in common, and that what they name is there."""

import os
import re
import subprocess
import sys
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


@pytest.mark.slow
def test_on_a_cluster_the_default_is_few_submissions():
    command = [sys.executable, "-m", "snakemake", "-n", "--profile", "profiles/slurm", "all"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    jobs = int(next(line for line in lines if line.startswith("total")).split()[1])
    groups = sum("Group job " in line for line in lines)
    alone = [line for line in lines if re.match(r"Job \d+: ", line)]
    assert jobs > 200
    assert groups + len(alone) < jobs / 4
    # What goes alone takes long.
    assert not [line for line in alone if not re.search(": (Train|Tune|Interpolate|Perturb|Learn|Choose) ", line)]
