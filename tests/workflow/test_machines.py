"""Turns on one GPU, and second attempts, in workflows of a few jobs that only wait or fail."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_opening import CONFIG

HOOKS = Path(__file__).resolve().parents[2] / "workflow" / "rules" / "hooks.smk"
TURNS = """
rule all:
    input:
        "0.txt", "1.txt",

rule compute:
    output:
        "{number}.txt",
    resources:
        gpu=1,
    shell:
        "mkdir on_gpu; sleep 2; rmdir on_gpu; touch {output}"

"""
FAILING = """
rule all:
    input:
        "bad.txt", "unlucky.txt",

rule bad:
    output:
        "bad.txt",
    log:
        "bad.log",
    shell:
        "echo again >> bad.tries; echo 2026-01-01 00:00:00,000 uncloak.input: no user > {log}; exit 1"

rule unlucky:
    output:
        "unlucky.txt",
    log:
        "unlucky.log",
    resources:
        mem_mb=lambda wildcards, threads: 100 * threads,
        runtime=10,
    shell:
        "echo {resources.mem_mb} MB, {resources.runtime} minutes >> unlucky.tries; exit 1"

"""


@pytest.fixture
def run(tmp_path):
    """Run a workflow, with arguments, in a folder."""

    def run_it(snakefile, *arguments, elsewhere=False, device="cpu"):
        (tmp_path / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "Snakefile").write_text(
            f'configfile: "config.json"\nELSEWHERE = {elsewhere}\n{snakefile}include: "{HOOKS}"\n'
            f'choose_device = lambda: "{device}"\n'
        )
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run_it


def test_jobs_take_turns_on_a_gpu_unless_told_otherwise(run, tmp_path):
    # Two at once would both make the same folder.
    done = run(TURNS, device="cuda")
    assert done.returncode == 0, done.stderr
    for told in ({"device": "cpu"}, {"device": "cuda", "arguments": ["--resources", "gpu=2"]}):
        for name in ("0.txt", "1.txt"):
            (tmp_path / name).unlink(missing_ok=True)
        assert run(TURNS, *told.pop("arguments", []), **told).returncode == 1
        (tmp_path / "on_gpu").rmdir() if (tmp_path / "on_gpu").exists() else None


def test_a_second_attempt_has_more_and_bad_input_none(run, tmp_path):
    done = run(FAILING, "--retries", "1", "--keep-going", elsewhere=True)
    assert done.returncode == 1
    assert (tmp_path / "bad.tries").read_text() == "again\n"
    assert (tmp_path / "unlucky.tries").read_text() == "100 MB, 10 minutes\n200 MB, 20 minutes\n"
