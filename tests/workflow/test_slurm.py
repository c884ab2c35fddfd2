"""A run on a real SLURM, whose jobs are cancelled, killed and timed out, and which is killed itself.

SLURM must answer where the tests run (`sinfo`), and this machine be its node, with 4 cores; it takes a quarter of an
hour.
"""

import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
from conftest import Checkout, copy_checkout

from uncloak.clusters import nodes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not nodes(), reason="no SLURM answers to sinfo here"),
]

PERTURBED = "results/synthetic/perturbed/lowkey.h5"
EMBEDDED = "results/synthetic/embeddings/facenet/lowkey.h5"
PATIENCE = 900  # seconds


class Run:
    """Snakemake that submits jobs from a checkout, its output in a file."""

    def __init__(self, checkout: Checkout):
        self.folder, self.log = checkout.folder, checkout.folder / "run.log"
        self.process, self.restarts = None, 0

    def command(self, *arguments: str) -> list[str]:
        # Tests do not wait until jobs are in squeue for long, nor for a shared disk.
        hasty = ["--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "5"]
        profile = ["--profile", "profiles/slurm-cpu", "--slurm-status-command", "squeue", *hasty]
        return [sys.executable, "-m", "snakemake", *profile, "--configfile", "tests/worlds/tiny.yaml", *arguments]

    def start(self) -> None:
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command("--", EMBEDDED), cwd=self.folder, stdout=log, stderr=log)

    def wait_until(self, there):
        """Return what `there()` gives as soon as it is anything."""
        for _ in range(PATIENCE):
            if found := there():
                return found
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(1)
        raise AssertionError(self.log.read_text())

    def running(self, rule: str, than: str = "") -> str:
        """Wait for a job of this rule or group, another `than` that one, to run; return its number."""

        def find():
            for line in squeue("%i %T %k %Z").splitlines():
                number, state, comment, folder = line.split(maxsplit=3)
                ours = folder == str(self.folder) and number != than
                if ours and state == "RUNNING" and comment.startswith(f"rule_{rule}"):
                    return number

        return self.wait_until(find)

    def script(self, name: str) -> psutil.Process:
        """Wait until a script is run from this checkout, on this machine; return its process."""

        def find():
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    if process.cwd() == str(self.folder) and " ".join(process.cmdline()).endswith(f".{name}.py"):
                        return process

        return self.wait_until(find)

    def restarted(self, number: str) -> str:
        """Wait until Snakemake has found that this job ended, and starts it again; return how it ended."""
        self.restarts += 1
        self.wait_until(lambda: self.log.read_text().count("Trying to restart job") == self.restarts)
        return details(number)["JobState"]


def squeue(form: str) -> str:
    return subprocess.run(["squeue", "-h", "-o", form], capture_output=True, text=True, check=True).stdout


def tell(*command: str) -> None:
    subprocess.run(command, check=True)


def details(number: str) -> dict[str, str]:
    found = subprocess.run(["scontrol", "show", "job", number], capture_output=True, text=True, check=True).stdout
    return dict(word.split("=", 1) for word in found.split() if "=" in word)


def asked(number: str) -> np.ndarray:
    """Megabytes and minutes that a job was given."""
    fields = details(number)
    hours, minutes, _ = map(int, fields["TimeLimit"].replace("-", ":").split(":")[-3:])
    return np.array([int(fields["MinMemoryNode"].removesuffix("M")), 60 * hours + minutes])


@pytest.fixture
def run(tmp_path):
    copy_checkout(tmp_path / "uncloak")
    run = Run(Checkout(tmp_path / "uncloak"))
    yield run
    if run.process is not None and run.process.poll() is None:
        run.process.kill()
    for line in squeue("%i %Z").splitlines():
        number, folder = line.split(maxsplit=1)
        if folder == str(run.folder):
            tell("scancel", number)


def test_what_is_cancelled_killed_and_timed_out_ends_in_the_same_bytes(run, tmp_path):
    copy_checkout(tmp_path / "undisturbed")
    alone = Checkout(tmp_path / "undisturbed").snakemake("--cores", "2", EMBEDDED)
    assert alone.returncode == 0, alone.stderr
    run.start()

    cancelled = run.running("faces")
    time.sleep(10)  # some of its jobs are done, one is under way
    tell("scancel", cancelled)
    assert run.restarted(cancelled) == "CANCELLED"
    again = run.running("faces", than=cancelled)
    np.testing.assert_array_equal(asked(again), 2 * asked(cancelled))

    killed = run.running("train_extractor")
    run.script("train_extractor").kill()
    assert run.restarted(killed) == "FAILED"

    hanging = run.running("perturb_at_once")
    run.script("perturb").suspend()
    tell("scontrol", "update", f"JobId={hanging}", "TimeLimit=1")
    assert run.restarted(hanging) == "TIMEOUT"

    left = run.running("embeddings")
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    tell("scancel", left)
    while left in squeue("%i").split():
        time.sleep(1)
    unlocked = subprocess.run(run.command("--unlock"), cwd=run.folder, capture_output=True, text=True)
    assert unlocked.returncode == 0, unlocked.stderr
    run.start()
    assert run.process.wait(PATIENCE) == 0, run.log.read_text()

    for name in (PERTURBED, EMBEDDED, "results/extractors/facenet.safetensors", "results/synthetic/faces.h5"):
        assert (run.folder / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes(), name


def test_what_no_node_has_is_one_line_before_anything_is_submitted(run):
    too_much = ["--resources", "mem_mb=10000000", "gpu=0", "turn=1", "--set-resources", "align:mem_mb=9999999"]
    done = subprocess.run(run.command(*too_much, "--", EMBEDDED), cwd=run.folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "error: group faces asks for 9999999 MB of memory, and no node of partition" in done.stderr
    assert "submitted with SLURM" not in done.stderr
