"""How the tests share the cores, and checkouts in which a small run has been made."""

import fcntl
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import uncloak.jobs  # noqa: F401 - once, before the tests

import pytest
from configurations import configuration

from uncloak import paths

# Tests run side by side, one process a core (`-n logical`, pyproject.toml), and each of them keeps to one thread, what
# it starts included. Before anybody imports torch.
os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")})

gc.enable()  # which importing uncloak.jobs has switched off

ROOT = Path(__file__).resolve().parents[1]


class Checkout:
    """A checkout in a folder of its own, and Snakemake in it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(self, *arguments: str, config: str | None = "tests/worlds/tiny.yaml") -> subprocess.CompletedProcess:
        """Run Snakemake with the small configuration (or None for the default one) and return how it ended."""
        process = self.start(*arguments, configs=[config] if config else [])
        stdout, stderr = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def start(self, *arguments: str, configs: Sequence[str]) -> subprocess.Popen:
        """Start Snakemake with these configuration files merged over the default one."""
        overlays = ["--configfile", *configs] if configs else []
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments, *overlays],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stale(self, *arguments: str) -> set[str]:
        """Return the files that a run would make now, but for the overview, which tells of them all."""
        done = self.snakemake("--summary", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        rows = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("results/")]
        assert rows
        made = {row[0] for row in rows if row[-1] == "update pending"}
        assert bool(made) == (paths.OVERVIEW in made)
        return made - {paths.OVERVIEW, paths.PROVENANCE}


def copy_checkout(target: Path) -> None:
    """Copy the tracked and the not ignored files of this checkout to `target`, as a fresh clone would have them."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for name in filter(None, listing.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def pytest_xdist_auto_num_workers() -> int:
    """As many processes as there are cores for us, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that run the workflow, so that no core waits for them in the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> Path:
    """A checkout whose small run is finished, made once for all processes. Not to be changed: see `finished`."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "small_run"
    with open(shared / "small_run.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits here
        if not folder.exists():
            copy_checkout(shared / "small_run.part")
            done = Checkout(shared / "small_run.part").snakemake("--cores", "2")
            assert done.returncode == 0, done.stdout + done.stderr
            (shared / "small_run.part").rename(folder)
    return folder


@pytest.fixture(scope="module")
def finished(small_run, tmp_path_factory) -> Checkout:
    """A copy of the small run for the tests of one module, who put back what they change."""
    folder = tmp_path_factory.mktemp("finished") / "uncloak"
    shutil.copytree(small_run, folder)
    return Checkout(folder)


@pytest.fixture(scope="session")
def default() -> dict:
    """The default configuration as rules know it."""
    return configuration()


@pytest.fixture(scope="session")
def experimental() -> dict:
    """That of the small world of every experiment."""
    return configuration("tests/worlds/tiny.yaml", "tests/worlds/tiny_experiments.yaml")
