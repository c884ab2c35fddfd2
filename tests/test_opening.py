"""What a run says when it starts, without waiting for PyTorch."""

import subprocess
import sys

import pytest
from configurations import configuration

from uncloak import devices
from uncloak.opening import opening

CONFIG = {
    "run": {"datasets": ["drawn"], "attacks": ["lowkey", "fawkes"], "extractors": ["arcface"]},
    "datasets": {"drawn": {"label": "drawn faces", "face_size": 64}, "other": {"label": "not in the run"}},
    "attacks": {"lowkey": {"label": "LowKey"}, "fawkes": {"label": "Fawkes, v1.0"}},
    "extractors": {"arcface": {"label": "ArcFace", "input": {"size": [64, 64], "template": "arcface"}}},
    "experiments": {},
    "precision": "auto",
}


@pytest.fixture
def plain(monkeypatch):
    """A processor that would emulate bfloat16, and no graphics card; nobody watches."""
    monkeypatch.setattr(devices, "_has_driver", lambda: False)
    monkeypatch.setattr(devices, "processor_flags", lambda: frozenset({"avx2"}))
    monkeypatch.setenv("UNCLOAK_PROGRESS", "0")


def test_it_tells_jobs_world_device_and_precision(plain):
    lines = opening(CONFIG, 150, 2).splitlines()
    assert lines[:4] == [
        "150 jobs on 2 cores, in a world of",
        "  1 dataset: drawn faces",
        "  2 attacks: LowKey; Fawkes, v1.0",
        "  1 extractor: ArcFace",
    ]
    assert "AVX2" in lines[4]
    assert lines[4].endswith("in float32 (precision: auto).")
    assert lines[5:] == ["Long jobs tell in their logs, below logs/, how far they are."]


def test_it_warns_of_what_the_processor_emulates(plain, monkeypatch):
    monkeypatch.setenv("UNCLOAK_PROGRESS", "1")
    text = opening({**CONFIG, "precision": "bfloat16"}, 1, 1)
    assert text.startswith("1 job on 1 core,")
    assert "in bfloat16 (precision: bfloat16)" in text
    assert "Warning: precision: cpu emulates bfloat16" in text
    assert "tell here and in their logs" in text


def test_it_does_not_guess_what_other_machines_are(plain):
    text = opening(CONFIG, 150, None)
    assert text.startswith("150 jobs, in a world of")
    assert "float32" not in text
    assert "in its log" in text


def test_it_asks_pytorch_only_where_there_is_a_driver():
    code = (
        "import sys; from uncloak import devices; from uncloak.opening import opening;"
        f"devices._has_driver = lambda: False; opening({CONFIG!r}, 1, 1); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_it_tells_of_experiments_that_cannot_be_made():
    text = opening(configuration({"run": {"experiments": ["ranks", "seeds", "channels"]}}), 1, None)
    assert "Note: nothing to make of seeds, channels on the datasets of this run (docs/experiments.md)." in text


def test_it_tells_of_records_of_which_nothing_can_be_made():
    """Of a record that says what it wants; not of a folder alone, nor of one that is another dataset's."""
    own = {name: {"method": name, "datasets": ["synthetic"]} for name in ("by_budget", "surrogates", "transfer_grid")}
    elsewhere = {"method": "by_budget", "datasets": ["background"]}
    told = {"experiments": {**{f"my_{name}": record for name, record in own.items()}, "elsewhere": elsewhere}}
    text = opening(configuration(told), 1, None)
    made = "Note: nothing to make of my_by_budget, my_surrogates, my_transfer_grid on the datasets of this run"
    assert f"{made} (docs/experiments.md)." in text
    timed = {"experiments": {"cost": {"attacks": ["fawkes_half"]}}}  # a mixture has no time
    assert "Note: nothing to make of cost on" in opening(configuration(timed), 1, None)
    assert "Note: nothing" not in opening(configuration(), 1, None)
