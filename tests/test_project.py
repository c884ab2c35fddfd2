"""The project's own files agree with each other."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def normalized(requirement):
    return requirement.split(";")[0].strip().lower().replace("_", "-")


def test_every_dependency_is_pinned():
    extras = PROJECT["project"]["optional-dependencies"]
    groups = [PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"].values(), *extras.values()]
    for requirement in [*chain(*groups), *PROJECT["tool"]["uv"]["constraint-dependencies"]]:
        if requirement == f"uncloak[{','.join(extras)}]":  # the tests need all of them
            continue
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[^ ,*]+( ;.*)?", requirement), requirement


@pytest.mark.parametrize("name", ["tables", "torch"])
def test_the_environments_have_the_versions_of_the_project(name):
    environment = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    pinned = {normalized(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert {normalized(requirement) for requirement in pip} <= pinned


def test_no_lock_file_and_nothing_generated_is_tracked():
    ignored = (ROOT / ".gitignore").read_text()
    for name in ("/uv.lock", "/results/", "/logs/", "/benchmarks/", "/.snakemake/", "/docs/_build/"):
        assert name in ignored


def test_the_snakefile_is_short():
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 60
