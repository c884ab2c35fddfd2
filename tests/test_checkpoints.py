"""Checkpoints: whole or not at all, taken up by the same job alone, and gone at the end."""

import logging

import pytest

torch = pytest.importorskip("torch")

from uncloak.checkpoints import Checkpoint  # noqa: E402

TENSORS = {
    "weights": torch.arange(24.0).reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
    "order": torch.tensor([], dtype=torch.int64),
    "random": torch.arange(200, dtype=torch.uint8),
    "half": torch.tensor([1.5, 2.5], dtype=torch.bfloat16),
    "steps": torch.tensor(7.0),
}
TOLD = {"iterations": 7, "random": {"state": 2**100}}


@pytest.fixture
def checkpoint(tmp_path):
    found = Checkpoint(tmp_path / "folder" / "net.safetensors", "this job")
    found.write(TENSORS, TOLD)
    return found


def test_what_was_kept_comes_back(checkpoint):
    tensors, told = checkpoint.read()
    assert told == TOLD
    assert tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert tensors[name].dtype == value.dtype
        assert torch.equal(tensors[name], value), name


def test_nothing_kept_is_nothing(tmp_path, caplog):
    assert Checkpoint(tmp_path / "net", "this job").read() is None
    assert not caplog.records


def test_another_jobs_is_not_taken_up(checkpoint, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    assert Checkpoint(tmp_path / "folder" / "net.safetensors", "another job").read() is None
    assert "beginning anew" in caplog.text


@pytest.mark.parametrize("damage", ["flipped", "in the words", "short", "foreign", "empty"])
def test_a_damaged_one_is_not_taken_up(checkpoint, caplog, damage):
    content = bytearray(checkpoint.path.read_bytes())
    if damage == "flipped":
        content[-3] ^= 1
    elif damage == "in the words":
        content = content.replace(b'\\"iterations\\": 7', b'\\"iterations\\": 9')
        assert content != checkpoint.path.read_bytes()
    else:
        content = {"short": content[:-9], "foreign": b"no tensors at all", "empty": b""}[damage]
    checkpoint.path.write_bytes(content)
    assert checkpoint.read() is None
    assert "damaged" in caplog.text
    assert "beginning anew" in caplog.text


def test_nothing_is_left_behind(checkpoint):
    checkpoint.remove()
    assert not list(checkpoint.path.parent.iterdir())
    checkpoint.remove()


def test_it_is_due_after_its_time_and_not_again_at_once(tmp_path):
    often = Checkpoint(tmp_path / "net", "this job", seconds=0)
    assert often.due()
    seldom = Checkpoint(tmp_path / "net", "this job", seconds=1000)
    assert not seldom.due()


def test_a_disk_that_takes_nothing_does_not_end_the_job(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    checkpoint = Checkpoint(tmp_path / "file" / "net", "this job")
    checkpoint.write(TENSORS, TOLD)
    assert "not written" in caplog.text
