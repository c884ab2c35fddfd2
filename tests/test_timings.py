"""Timings: benchmark files are summed by rule, and written as a table."""

import re
from pathlib import Path

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.figures.timings import as_text, summarize

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
    summary = summarize(benchmarks(tmp_path)).set_index("rule")
    assert list(summary.index) == ["train", "figure", "split"]
    train = summary.loc["train"]
    assert (train.jobs, train.seconds, train.longest, train.cpu_seconds, train.max_rss_mb) == (2, 80, 60, 69, 1200)
    assert train.mean_load == pytest.approx((60 * 95 + 20 * 55) / 80)
    assert np.isnan(summary.loc["split", "max_rss_mb"])
    assert np.isnan(summary.loc["split", "mean_load"])
    assert np.isnan(summary.loc["split", "cpu_seconds"])
    assert summary.loc["figure", "mean_load"] == 50


def test_timings_as_text_are_aligned_and_totaled(tmp_path):
    lines = as_text(summarize(benchmarks(tmp_path))).splitlines()
    assert lines[-1].split()[:5] == ["all", "jobs", "4", "82.4", "60.0"]
    ends = {
        line.index(number) + len(number)
        for line, number in [(lines[0], "seconds"), (lines[2], "80.0"), (lines[-1], "82.4")]
    }
    assert len(ends) == 1
    assert lines[4].split() == ["split", "1", "0.4", "0.4", "-", "-", "-"]


def test_timings_tell_bad_input(tmp_path):
    with pytest.raises(InputError, match="no benchmark files"):
        summarize(tmp_path)
    (tmp_path / "rule.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(InputError, match=re.escape("rule.tsv: not a benchmark file")):
        summarize(tmp_path)
