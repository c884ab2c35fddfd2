"""Timings: benchmark files are summed by rule, and written as a table."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.figures.timings import as_text, share, summarize
from uncloak.spending import told

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def benchmarks(folder: Path) -> Path:
    rows = {
        "train/synthetic/facenet.tsv": "60.0\t0:01:00\t900.5\t1\t1\t1\t0\t0\t95.0\t58.0\n",
        "train/synthetic/vgg.tsv": "20.0\t0:00:20\t1200.0\t1\t1\t1\t0\t0\t55.0\t11.0\n",
        "split/synthetic.tsv": "0.4\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\n",
        "figure.tsv": "2.0\t0:00:02\t-\t-\t-\t-\t-\t-\t50.0\t1.0\n",
    }
    for name, row in rows.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEADER + row)
    return folder


def test_timings_are_summed_by_rule(tmp_path):
    summary = summarize(benchmarks(tmp_path), tmp_path).set_index("rule")
    assert list(summary.index) == ["train", "figure", "split"]
    train = summary.loc["train"]
    assert (train.jobs, train.seconds, train.longest, train.cpu_seconds, train.max_rss_mb) == (2, 80, 60, 69, 1200)
    assert train.mean_load == pytest.approx((60 * 95 + 20 * 55) / 80)
    assert np.isnan(summary.loc["split", "max_rss_mb"])
    assert np.isnan(summary.loc["split", "mean_load"])
    assert np.isnan(summary.loc["split", "cpu_seconds"])
    assert summary["other_seconds"].isna().all()
    assert summary.loc["figure", "mean_load"] == 50


def test_timings_as_text_are_aligned_and_totaled(tmp_path):
    lines = as_text(summarize(benchmarks(tmp_path), tmp_path)).splitlines()
    assert lines[-1].split()[:5] == ["all", "jobs", "4", "82.4", "60.0"]
    ends = {
        line.index(number) + len(number)
        for line, number in [(lines[0], "seconds"), (lines[2], "80.0"), (lines[-1], "82.4")]
    }
    assert len(ends) == 1
    assert lines[4].split() == ["split", "1", "0.4", "0.4", "-", "-", "-", "-"]


def test_cpu_seconds_are_those_that_jobs_tell(tmp_path):
    """Snakemake samples rarely, and misses what a job spends after its last look."""
    folder, logs = benchmarks(tmp_path / "benchmarks"), tmp_path / "logs"
    for name, spent in {"train/synthetic/facenet": (70.5, 2.25), "figure": (1.5, 1.5)}.items():
        path = (logs / name).with_suffix(".log")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"a line\nnow uncloak.jobs: spent {spent[0]:.2f} CPU seconds, {spent[1]:.2f} of them on start, imports and "
            "charts\n"
        )
    summary = summarize(folder, logs)
    rules = summary.set_index("rule")
    assert (rules.loc["train", "cpu_seconds"], rules.loc["train", "other_seconds"]) == (70.5 + 11, 2.25)
    assert (rules.loc["figure", "cpu_seconds"], rules.loc["figure", "other_seconds"]) == (1.5, 1.5)
    assert as_text(summary).splitlines()[-1].split()[5:7] == ["83.0", "3.8"]


JOB = """
import sys, time
from uncloak.jobs import logged

def work(seconds):
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        pass

work(0.5)
with logged(sys.argv[1]):
    work(0.4)
    import slow
    {more}
"""


@pytest.mark.parametrize(("more", "numerical"), [("work(0.4)", 0.8), ("import altair", 0.0)])
def test_a_job_tells_what_was_no_numerical_work(tmp_path, more, numerical):
    """Its start, imports in its midst, also nested ones, and all of it where it draws a chart."""
    (tmp_path / "slow.py").write_text("from __main__ import work\nimport slower\nwork(0.3)\n")
    (tmp_path / "slower.py").write_text("from __main__ import work\nwork(0.3)\n")
    (tmp_path / "job.py").write_text(JOB.format(more=more))
    log = tmp_path / "logs" / "job.log"
    subprocess.run([sys.executable, tmp_path / "job.py", log], check=True)
    total, other = told(log)
    assert total - other == pytest.approx(numerical, abs=0.15)
    assert other >= 1.1


def test_the_share_of_a_run_counts_jobs_of_this_run_and_what_their_processes_spent_besides(tmp_path):
    line = "uncloak.jobs: spent {:.2f} CPU seconds, {:.2f} of them on start, imports and charts\n"
    (tmp_path / "old.log").write_text(line.format(5000, 5000))
    os.utime(tmp_path / "old.log", (1, 1))
    (tmp_path / "rule").mkdir()
    (tmp_path / "rule" / "new.log").write_text(line.format(1000, 100))
    (tmp_path / "rule" / "failed.log").write_text("uncloak: failed\n")
    told_share = share(tmp_path, 2)
    total, other = (int(number) for number in re.findall(r"\d+", told_share)[:2])
    own = resource.getrusage(resource.RUSAGE_SELF)
    assert total == pytest.approx(1000 + own.ru_utime + own.ru_stime, abs=2)
    assert other == pytest.approx(100 + own.ru_utime + own.ru_stime, abs=2)


def test_timings_tell_bad_input(tmp_path):
    with pytest.raises(InputError, match="no benchmark files"):
        summarize(tmp_path, tmp_path)
    (tmp_path / "rule.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(InputError, match=re.escape("rule.tsv: not a benchmark file")):
        summarize(tmp_path, tmp_path)
