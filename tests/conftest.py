"""A copy of the checkout in which one small run has been made, for tests of the workflow as a whole."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


class Checkout:
    """A checkout in a folder of its own, and Snakemake in it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(self, *arguments: str, config: str | None = "tests/tiny.yaml") -> subprocess.CompletedProcess:
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
        """Return the files that a run would make now."""
        done = self.snakemake("--summary", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        rows = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("results/")]
        assert rows
        return {row[0] for row in rows if row[-1] == "update pending"}


def copy_checkout(target: Path) -> None:
    """Copy the tracked and the not ignored files of this checkout to `target`, as a fresh clone would have them."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for name in filter(None, listing.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Checkout:
    """A checkout whose small run is finished. Tests that change it put it back."""
    folder = tmp_path_factory.mktemp("finished") / "uncloak"
    copy_checkout(folder)
    checkout = Checkout(folder)
    done = checkout.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout
