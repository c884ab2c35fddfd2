"""What a run does at its start, in a workflow of a few jobs that only wait."""

import json
import subprocess
import sys
from pathlib import Path

from test_opening import CONFIG

HOOKS = Path(__file__).resolve().parents[2] / "workflow" / "rules" / "hooks.smk"
SNAKEFILE = """
import atexit, threading, time

ELSEWHERE = False

timers = [0]

def count():
    while True:
        timers.append(sum(isinstance(thread, threading.Timer) for thread in threading.enumerate()))
        time.sleep(0.1)

threading.Thread(target=count, daemon=True).start()
atexit.register(lambda: print("timers", max(timers)))

rule all:
    input:
        expand("{number}.txt", number=range(8)),

rule wait:
    output:
        "{number}.txt",
    shell:
        "sleep 0.1; touch {output}"

"""


def test_a_run_opens_and_its_scheduler_sleeps_between_jobs(tmp_path):
    """Otherwise Snakemake has one more timer with each job that ends, and each wakes its scheduler every second."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "Snakefile").write_text(f'configfile: "config.json"\n{SNAKEFILE}include: "{HOOKS}"\n')
    run = [sys.executable, "-m", "snakemake", "--cores", "1"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "9 jobs on 1 core, in a world of\n  1 dataset: drawn faces\n" in done.stderr
    assert "timers 0" in done.stdout
