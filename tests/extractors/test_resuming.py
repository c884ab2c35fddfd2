"""A training that is killed goes on to the very same weights, and takes up nobody else's work."""

import logging
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from uncloak.checkpoints import Checkpoint  # noqa: E402
from uncloak.extractors.fitting import fit  # noqa: E402
from uncloak.extractors.weights import save  # noqa: E402
from uncloak.pictures.split import split_of_one_role  # noqa: E402
from uncloak.pictures.views import Stored  # noqa: E402
from uncloak.records.extractors import Trained  # noqa: E402
from uncloak.records.reading import read  # noqa: E402
from uncloak.store import write_arrays  # noqa: E402

PICTURES = np.array([f"{person}/{stem}" for person in "abcd" for stem in range(5)])
ITERATIONS = 8
# In a process of its own: ended as by `kill -9` when its fifth checkpoint is about to get its name.
KILLED = """
import os, signal, sys
from uncloak import checkpoints
sys.path.insert(0, sys.argv[1])
from test_resuming import train
renamed, rename = [], os.replace

def replace(*paths):
    renamed.append(paths)
    if len(renamed) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(*paths)

checkpoints.os.replace = replace
train(*sys.argv[2:])
"""


class StoppedError(Exception):
    """Stands for the end of a process."""


def train(faces, output, made="job", seed=3, loss="adaface", optimizer="sgd"):
    """Make the file `output`, keeping every iteration on the way."""
    torch.set_num_threads(1)
    extractor = {
        "network": {"name": "vgg", "width": 4, "dimension": 16},
        "input": {"size": [64, 64], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"},
    }
    lessons = {"data": "people", "held_out": 1, "iterations": ITERATIONS, "batch": 6, "erase": 0.5, "noise": 0.1}
    how = {"loss": {"name": loss}, "optimizer": optimizer, "precision": "float32"}
    record = read(Trained, {"recipe": "train", **extractor, "train": {**lessons, **how}})
    checkpoint, split = Checkpoint(output, made, seconds=0), split_of_one_role(PICTURES, "background")
    fitted = fit(record, Stored(faces), PICTURES, split, seed, "net", checkpoint=checkpoint)
    save(output, fitted.extractor, fitted.record, {})
    checkpoint.remove()


def stopped(monkeypatch, count, *arguments, **how):
    """Train as long as it takes to keep so many iterations."""
    write, written = Checkpoint.write, []

    def last(*given):
        write(*given)
        written.append(given)
        if len(written) == count:
            raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "write", last)
        with pytest.raises(StoppedError):
            train(*arguments, **how)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    path = tmp_path_factory.mktemp("faces") / "faces.h5"
    values = np.random.default_rng(0).integers(0, 256, (len(PICTURES), 64, 64, 3), dtype=np.uint8)
    write_arrays(path, {"faces": values, "picture": PICTURES}, {})
    return path


@pytest.fixture(scope="module")
def whole(faces, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "net.safetensors"
    train(faces, output)
    return output.read_bytes()


def test_a_killed_training_gives_the_same_file(faces, tmp_path, whole, caplog):
    """In another process than the one that was killed, while it was writing."""
    output, here = tmp_path / "net.safetensors", Path(__file__).parent
    killed = subprocess.run([sys.executable, "-c", KILLED, here, faces, output], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not output.exists()
    caplog.set_level(logging.INFO)
    train(faces, output)
    assert "going on after iteration 4" in caplog.text
    assert output.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


@pytest.mark.parametrize(("loss", "optimizer"), [("arcface", "adamw"), ("magface", "sgd")])
def test_so_do_other_losses_and_steps_stopped_twice(faces, tmp_path, monkeypatch, loss, optimizer):
    how = {"loss": loss, "optimizer": optimizer}
    train(faces, tmp_path / "whole.safetensors", **how)
    stopped(monkeypatch, 3, faces, tmp_path / "net.safetensors", **how)
    stopped(monkeypatch, 2, faces, tmp_path / "net.safetensors", **how)
    train(faces, tmp_path / "net.safetensors", **how)
    assert (tmp_path / "net.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_a_training_killed_after_its_last_iteration_only_saves(faces, tmp_path, whole, monkeypatch):
    stopped(monkeypatch, ITERATIONS, faces, tmp_path / "net.safetensors")
    train(faces, tmp_path / "net.safetensors")
    assert (tmp_path / "net.safetensors").read_bytes() == whole


def test_another_jobs_work_is_not_taken_up(faces, tmp_path, whole, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    stopped(monkeypatch, 3, faces, tmp_path / "net.safetensors", made="another", seed=4)
    train(faces, tmp_path / "net.safetensors")
    assert "going on" not in caplog.text
    assert (tmp_path / "net.safetensors").read_bytes() == whole


def test_damaged_work_is_not_taken_up(faces, tmp_path, whole, monkeypatch, caplog):
    stopped(monkeypatch, 3, faces, tmp_path / "net.safetensors")
    kept = tmp_path / "net.safetensors.checkpoint"
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)
    train(faces, tmp_path / "net.safetensors")
    assert "damaged" in caplog.text
    assert (tmp_path / "net.safetensors").read_bytes() == whole
