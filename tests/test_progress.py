"""Progress on a terminal: whole lines with the job's name, for a person who watches, and for nobody else."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

JOB = """
import sys, time
from uncloak import progress
from uncloak.jobs import logged
progress._SECONDS_BETWEEN_LINES, progress._SECONDS_BETWEEN_SHOWN_LINES = 0.1, 0.2
with logged(sys.argv[1]):
    for _ in progress.track(range(8), 8, "training arcface", unit="iterations"):
        time.sleep(0.1)
"""


def on_a_terminal(folder: Path, logs: list[str], **environment: str) -> str:
    """Run one job for each log, side by side, with a terminal as their standard error; return what it shows."""
    (folder / "job.py").write_text(JOB)
    ours, theirs = pty.openpty()
    environment = {**{name: value for name, value in os.environ.items() if name != "UNCLOAK_PROGRESS"}, **environment}
    jobs = [
        subprocess.Popen([sys.executable, "job.py", log], cwd=folder, stderr=theirs, env=environment) for log in logs
    ]
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how Linux tells that nobody has the terminal any more
        pass
    assert [job.wait() for job in jobs] == [0] * len(jobs)
    return shown.decode()


def test_jobs_side_by_side_show_whole_lines_with_their_names(tmp_path):
    logs = ["logs/train_extractor/arcface.log", "logs/perturb/synthetic/lowkey.log"]
    lines = on_a_terminal(tmp_path, logs).splitlines()
    whole = re.compile(
        r"(train_extractor/arcface|perturb/synthetic/lowkey): training arcface: "
        r"\d of 8 iterations, [\d.]+ per second, \d+ s left"
    )
    assert {whole.fullmatch(line)[1] for line in lines} == {"train_extractor/arcface", "perturb/synthetic/lowkey"}
    # Each at most every second line of its log, and not the last, which Snakemake tells.
    told = (tmp_path / logs[0]).read_text().count("training arcface")
    assert 1 <= sum(line.startswith("train_extractor") for line in lines) <= told / 2
    assert not any("8 of 8" in line for line in lines)


@pytest.mark.parametrize("asked", ["0", "1", None])
def test_lines_go_only_to_a_terminal_unless_they_are_asked_for(tmp_path, asked):
    if asked == "0":
        assert on_a_terminal(tmp_path, ["logs/job.log"], UNCLOAK_PROGRESS="0") == ""
        return
    (tmp_path / "job.py").write_text(JOB)
    environment = {name: value for name, value in os.environ.items() if name != "UNCLOAK_PROGRESS"}
    if asked:
        environment["UNCLOAK_PROGRESS"] = asked
    job = [sys.executable, "job.py", "logs/job.log"]
    done = subprocess.run(job, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert bool(done.stderr) == bool(asked), done.stderr
    assert "8 of 8" in (tmp_path / "logs" / "job.log").read_text()
