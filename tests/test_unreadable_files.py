"""Files that cannot be read are told apart from damaged ones: only for those the advice is to delete."""

import builtins
import errno
import fcntl
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import h5py
import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.extractors.weights import read_metadata
from uncloak.files import check_readable, unreadable
from uncloak.store import open_arrays, read_arrays, write_arrays
from uncloak.tables import read_table, write_table

# A file system without locks, or a file that another program has locked.
NO_LOCKS = """
#include <errno.h>
int flock(int file, int operation) { errno = %d; return -1; }
"""


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "stored.h5"
    write_arrays(path, {"embedding": np.eye(3, dtype=np.float32)}, {})
    return path


def weights_file(path):
    torch = pytest.importorskip("torch")
    from uncloak.extractors import weights
    from uncloak.extractors.extractor import build

    record = {"network": {"name": "pixels"}}
    record["input"] = {"size": [8, 8], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}
    weights.save(path, build(record), record, {})
    torch.save({"a": torch.zeros(2)}, path.with_suffix(".pth"))
    np.savez(path.with_suffix(".npz"), a=np.zeros(2))


def read_published(format):
    def read(path):
        from uncloak.extractors import published

        return published.read(path, format)

    return read


def check_published(path):
    from uncloak.extractors import published

    published.check(path, "0123456789", "get it")


def read_alexnet(path):
    from uncloak.attacks.terms.lpips import load_lpips

    return load_lpips(path)


READERS = {
    "embeddings.h5": lambda path: read_arrays(path, "embedding"),
    "table.csv": read_table,
    "extractor.safetensors": read_metadata,
    "published.safetensors": read_published("safetensors"),
    "published.pth": read_published("torch"),
    "published.npz": read_published("npz"),
    "checked.pth": check_published,
    "alexnet.pth": read_alexnet,
}


@pytest.fixture(params=READERS)
def case(request, tmp_path):
    """A sound file of each kind and what reads it."""
    path = tmp_path / request.param
    if path.suffix == ".h5":
        write_arrays(path, {"embedding": np.eye(3)}, {})
    elif path.suffix == ".csv":
        write_table(pd.DataFrame({"a": [1]}), path)
    else:
        weights_file(tmp_path / "any.safetensors")
        shutil.copy(tmp_path / f"any{path.suffix}", path)
    return path, READERS[request.param]


@contextmanager
def told(path, text):
    with pytest.raises(InputError, match=text) as caught:
        yield
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "delete" not in message
    assert "truncated" not in message


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.EACCES, "may not be read; give yourself the permission"),
        (errno.EIO, r"cannot be read \(Input/output error\); keep it"),
        (errno.EMFILE, r"cannot be read \(Too many open files\); keep it"),
    ],
)
def test_what_the_system_refuses_is_no_damage(case, monkeypatch, number, text):
    path, read = case
    plain = builtins.open

    def refuse(file, *arguments, **options):
        if os.fspath(file) == os.fspath(path):
            raise OSError(number, os.strerror(number))
        return plain(file, *arguments, **options)

    monkeypatch.setattr(builtins, "open", refuse)
    with told(path, text):
        read(path)


def test_a_folder_in_a_files_place_is_told(case):
    path, read = case
    path.unlink()
    path.mkdir()
    with told(path, "is a folder, not a file; move it away"):
        read(path)


def test_a_link_that_leads_nowhere_or_to_itself_is_told(case):
    path, read = case
    path.unlink()
    path.symlink_to("absent")
    with told(path, "no such file"):
        read(path)
    path.unlink()
    path.symlink_to(path.name)
    with told(path, "cannot be read"):
        read(path)


def test_a_pipe_is_told_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with told(tmp_path / "pipe", "is a device or a pipe"):
        check_readable(tmp_path / "pipe")


def test_results_that_a_viewer_has_locked_are_read(stored):
    with open(stored, "r+b") as viewer:
        fcntl.flock(viewer, fcntl.LOCK_EX)
        np.testing.assert_array_equal(read_arrays(stored, "embedding")[0], np.eye(3))


def test_results_that_another_process_has_open_for_writing_are_read(stored):
    hold = f"import h5py; f = h5py.File({str(stored)!r}, 'r+', locking=True); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as viewer:
        assert viewer.stdout.readline() == "held\n"
        try:
            np.testing.assert_array_equal(read_arrays(stored, "embedding")[0], np.eye(3))
        finally:
            viewer.communicate("\n")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EAGAIN])
def test_no_lock_is_needed(tmp_path, number):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("needs a C compiler, to play a file system without locks")
    (tmp_path / "lock.c").write_text(NO_LOCKS % number)
    library = tmp_path / "lock.so"
    subprocess.run([compiler, "-shared", "-fPIC", str(tmp_path / "lock.c"), "-o", str(library)], check=True)
    work = (
        "import sys; import numpy as np; from uncloak.store import read_arrays, write_arrays;"
        "write_arrays(sys.argv[1], {'a': np.arange(3)}, {}); print(read_arrays(sys.argv[1], 'a')[0].sum())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HDF5_USE_FILE_LOCKING"}
    done = subprocess.run(
        [sys.executable, "-c", work, str(tmp_path / "a.h5")],
        env=environment | {"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


@pytest.mark.parametrize(
    ("number", "text"),
    [(errno.EAGAIN, "is locked by another program"), (errno.ENOLCK, "lies on a file system without locks; set HDF5_")],
)
def test_locks_that_the_user_insists_on_are_told(stored, monkeypatch, number, text):
    def insist(*arguments, **options):
        raise OSError(number, f"Unable to synchronously open file\n(unable to lock file, errno = {number})")

    monkeypatch.setattr(h5py, "File", insist)
    with told(stored, text), open_arrays(stored):
        pass


def test_an_error_while_reading_is_told_by_its_number(stored, monkeypatch):
    def fail(dataset, _):
        raise OSError(number, "Can't read data (file read failed)") if number else OSError("Can't read data")

    monkeypatch.setattr(h5py.Dataset, "__getitem__", fail)
    number = errno.EIO
    with told(stored, r"cannot be read \(Input/output error\)"):
        read_arrays(stored, "embedding")
    number = None
    with pytest.raises(InputError, match=r"damaged; delete it and run again \(Can't read data\)"):
        read_arrays(stored, "embedding")


def test_damage_is_still_damage(tmp_path):
    assert str(unreadable("a.h5", OSError("no signature"), "not HDF5; delete it")) == (
        "a.h5: not HDF5; delete it (no signature)"
    )
    weights_file(tmp_path / "a.safetensors")
    for suffix in ("pth", "npz", "safetensors"):
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(path.read_bytes()[:50])
        format = {"pth": "torch"}.get(suffix, suffix)
        with pytest.raises(InputError, match=f"not a plain file of weights in format '{format}'") as caught:
            read_published(format)(path)
        assert "\n" not in str(caught.value)
