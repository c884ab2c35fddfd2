"""What `uncloak new` writes is what a kind takes and works as it stands; what it cannot write, it tells in one line."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from conftest import ROOT, Checkout, copy_checkout

from uncloak.scaffold import KINDS

# Besides an overlay with the record, which an experiment needs not, and a test.
MODULES = {
    "attack": ["attacks/methods/mine.py"],
    "extractor": ["extractors/networks/mine.py"],
    "defense": ["defenses/mine.py"],
    "experiment": [f"experiments/mine/{name}" for name in ("__init__.py", "measure.py", "figure.py", "caption.rst")],
}


def python(checkout: Checkout, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python with the library of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout.folder / "workflow")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Path -> bytes of the files in a checkout, None of its folders; without what Python caches."""
    paths = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in paths}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """A checkout for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("scaffold") / "uncloak"
    copy_checkout(folder)
    return Checkout(folder)


@pytest.fixture(scope="module", params=KINDS)
def written(request, tmp_path_factory) -> tuple[Checkout, str, list[str], str]:
    """A checkout to which something called `mine` was added: its kind, the new files, and what was said."""
    folder = tmp_path_factory.mktemp(request.param) / "uncloak"
    copy_checkout(folder)
    before = contents(folder)
    done = python(Checkout(folder), "-m", "uncloak", "new", request.param, "mine")
    assert done.returncode == 0, done.stderr
    after = contents(folder)
    assert {path: after[path] for path in before} == before
    new = sorted(path for path in set(after) - set(before) if after[path] is not None)
    return Checkout(folder), request.param, new, done.stdout


def test_the_files_are_those_of_the_kind(written):
    _, kind, files, said = written
    modules = [f"workflow/uncloak/{path}" for path in MODULES[kind]]
    record = [] if kind == "experiment" else ["resources/worlds/mine.yaml"]
    assert files == sorted([*record, f"tests/{kind}s/test_mine.py", *modules])
    assert [path for path in files if path not in said] == []


def test_they_are_well_formed(written):
    folder, _, files, _ = written
    sources = [path for path in files if path.endswith(".py")]
    for check in (["check"], ["format", "--check"]):
        done = python(folder, "-m", "ruff", *check, *sources)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_they_are_planned_by_what_is_said_next(written):
    folder, kind, _, said = written
    [command] = [line.split("uv run snakemake ")[1] for line in said.splitlines() if "snakemake" in line]
    done = folder.snakemake(*command.split(), config=None)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {
        "attack": "results/synthetic/perturbed/mine.h5",
        "extractor": "results/extractors/mine.safetensors",
        "defense": "results/synthetic/embeddings/magface/lowkey~mine.h5",
        "experiment": "results/synthetic/experiments/mine/errors.csv",
    }
    assert made[kind] in done.stdout


@pytest.mark.slow
def test_they_are_planned_in_the_smallest_world_as_well(written):
    folder, kind, _, said = written
    [command] = [line.split("uv run snakemake ")[1] for line in said.splitlines() if "snakemake" in line]
    arguments, _, overlay = command.partition(" --configfile ")
    small = folder.folder / "small.yaml"
    small.write_text("extractors: {mine: {train: {held_out: 23}}}" if kind == "extractor" else "{}")
    process = folder.start(*arguments.split(), configs=["tests/worlds/tiny.yaml", *overlay.split(), str(small)])
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stdout + stderr
    assert "robust" not in stdout
    assert {"attack": "by mine", "extractor": "Train mine", "defense": "~mine", "experiment": "Draw mine"}[
        kind
    ] in stdout


@pytest.mark.slow
def test_their_test_passes(written):
    folder, _, _, said = written
    [command] = [line.split("uv run pytest ")[1] for line in said.splitlines() if "pytest" in line]
    done = python(folder, "-m", "pytest", *command.split())
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("attack", "lowkey", "workflow/uncloak/attacks/methods/lowkey.py: is there already; take another name"),
        ("attack", "fawkes_half", "resources/records: attacks.fawkes_half: is there already; take another name"),
        ("experiment", "given", "workflow/uncloak/experiments/given.py: is there already; take another name"),
        ("experiment", "ranks", "workflow/uncloak/experiments/ranks: is there already; take another name"),
        ("defense", "channels", "resources/worlds/channels.yaml: is there already; take another name"),
        ("attack", "none", "config: attacks.none: the name is taken by the workflow itself; choose another"),
        ("experiment", "a" * 65, "is longer than 64 characters; shorten it"),
        ("extractor", "My-Net", "'My-Net' cannot name a module; take small letters, digits and _, a letter first"),
        ("extractor", "class", "'class' cannot name a module; take small letters, digits and _, a letter first"),
        ("extractor", "../net", "'../net' cannot name a module; take small letters, digits and _, a letter first"),
    ],
)
def test_a_name_that_cannot_be_is_told_and_nothing_written(checkout, kind, name, reason):
    before = contents(checkout.folder)
    done = python(checkout, "-m", "uncloak", "new", kind, name)
    assert done.returncode != 0
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(f"{reason}\n")
    assert done.stderr.count("\n") == 1
    assert contents(checkout.folder) == before


def test_a_kind_that_there_is_not_is_told(checkout):
    done = python(checkout, "-m", "uncloak", "new", "metric", "mine")
    assert done.returncode != 0
    assert "invalid choice: 'metric'" in done.stderr


def test_the_command_of_the_project_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, function = project["project"]["scripts"]["uncloak"].split(":")
    assert callable(getattr(import_module(module), function))
