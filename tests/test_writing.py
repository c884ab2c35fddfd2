"""Files that cannot be written, told in one line by real limits, and what killed processes leave."""

import errno
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.writing import atomic, fault, sweep, temporary_name

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "workflow")}
WRITERS = {
    "h5": "from uncloak.store import write_arrays; write_arrays(path, {'faces': np.ones((64, 96, 96, 3), 'u1')}, {})",
    "csv": "from uncloak.tables import write_table; write_table(pd.DataFrame({'a': np.arange(200_000)}), path)",
    "png": "from uncloak.writing import atomic\nwith atomic(path) as p: Image.fromarray(noise).save(p)",
    "html": "from uncloak.writing import atomic\nwith atomic(path) as p: p.write_text('x' * 1_000_000)",
    "many.h5": (
        "from uncloak.store import write_arrays\n"
        "write_arrays(path, {str(number): np.ones(1000) for number in range(200)}, {'a': 'b' * 1000})"
    ),
}
JOB = """
    import sys
    import numpy as np, pandas as pd
    from PIL import Image
    from types import SimpleNamespace
    from uncloak.jobs import started
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), np.uint8)
    path = sys.argv[1]
    told = SimpleNamespace(input=[], output=[path], log=[sys.argv[2]], params=SimpleNamespace(code="c"))
    with started(told):
        exec(sys.argv[3])
"""

WAITING = (
    "import time; from uncloak.writing import atomic\n"
    "with atomic(path) as p: p.touch(); print('at it', flush=True); time.sleep(60)"
)


def job(path, log, work, limit=lambda: None):
    command = [sys.executable, "-c", textwrap.dedent(JOB), path, log, work]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, env=ENVIRONMENT)


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def told(done, path, said):
    assert done.returncode == 1, done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {path}: cannot be written ({said}); "), line
    assert line.endswith(("run again", "may be written to")), line


@pytest.mark.parametrize("kind", WRITERS)
def test_a_limit_of_the_size_of_files_is_one_line_and_leaves_nothing(tmp_path, kind):
    path = tmp_path / "out" / f"a.{kind}"
    done = job(path, tmp_path / "job.log", WRITERS[kind], limited(100_000))
    told(done, path, "File too large")
    assert list((tmp_path / "out").iterdir()) == []
    assert "Traceback" not in (tmp_path / "job.log").read_text()


def test_faces_that_wait_on_disk_are_told_by_their_folder(tmp_path):
    work = (
        "from uncloak.pictures.views import Spooled; faces = Spooled(path, 112)\n"
        "while True: faces.append(noise[:112, :112])"
    )
    done = job(tmp_path / "out", tmp_path / "job.log", work, limited(100_000))
    told(done, tmp_path / "out", "File too large")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
    if os.geteuid() or subprocess.run(mounting, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_one_line_also_where_the_log_has_no_room(small_disk, tmp_path, kind):
    done = job(small_disk / f"a.{kind}", tmp_path / "job.log", WRITERS[kind])
    told(done, small_disk / f"a.{kind}", "No space left on device")
    assert list(small_disk.iterdir()) == []
    (small_disk / "filling").write_bytes(b"x" * 396_000)
    done = job(small_disk / f"a.{kind}", small_disk / "job.log", WRITERS[kind])
    told(done, small_disk / f"a.{kind}", "No space left on device")


def test_a_disk_that_may_only_be_read_is_one_line(small_disk, tmp_path):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    done = job(small_disk / "out" / "a.csv", tmp_path / "job.log", WRITERS["csv"])
    told(done, small_disk / "out" / "a.csv", "Read-only file system")
    done = job(tmp_path / "a.csv", small_disk / "job.log", WRITERS["csv"])
    assert done.stderr.startswith(f"error: {small_disk / 'job.log'}: Read-only file system; ")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_may_not_be_written_to_is_one_line(monkeypatch, tmp_path):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    said = r"a\.csv: cannot be written \(Permission denied\); give yourself"
    with pytest.raises(InputError, match=said), atomic(tmp_path / "a.csv") as path:
        path.touch()
    assert list(tmp_path.iterdir()) == []


def test_memory_that_runs_out_is_one_line(tmp_path):
    done = job(tmp_path / "a", tmp_path / "job.log", "np.empty(1 << 60, 'u1')")
    assert done.stderr == "error: this job: Cannot allocate memory; use fewer cores or free memory, and run again\n"
    assert fault(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")) is not None


@pytest.mark.parametrize("error", [ValueError("a"), KeyError("a"), FileNotFoundError(errno.ENOENT, "a"), OSError()])
def test_what_is_no_fault_of_the_machine_is_not_called_so(tmp_path, error):
    assert fault(error) is None
    with pytest.raises(type(error)), atomic(tmp_path / "a"):
        raise error


def over(command):
    process = subprocess.Popen([sys.executable, "-c", command])
    process.wait()
    return process.pid


def test_what_the_dead_left_is_swept_and_nothing_else(tmp_path):
    dead, own = over("pass"), temporary_name(tmp_path / "a.csv")
    left = tmp_path / own.name.replace(str(os.getpid()), str(dead))
    machine = own.name.split(".")[1].split("-")[1]
    far, forgotten = (tmp_path / own.name.replace(machine, f"{number:08x}") for number in (1, 2))
    others = [tmp_path / name for name in (f".{dead}.csv", ".hidden", f"{dead}-{machine}.csv", "a.csv")]
    for path in (own, left, far, forgotten, *others):
        path.touch()
    os.utime(forgotten, (time.time() - 90_000,) * 2)
    folder = tmp_path / f".{dead}-{machine}.new.exported"
    (folder / "Ann").mkdir(parents=True)
    assert sorted(sweep([tmp_path, tmp_path / "nowhere"])) == sorted([left, forgotten, folder])
    assert set(tmp_path.iterdir()) == {own, far, *others}


def test_temporary_names_keep_their_suffix_and_fit(tmp_path):
    path = temporary_name(tmp_path / ("ü" * 120 + "x" * 11 + ".png"))
    assert len(os.fsencode(path.name)) <= 255
    assert path.suffix == ".png"
    path.touch()


def test_a_job_that_is_asked_to_end_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(JOB), tmp_path / "out" / "a.csv", tmp_path / "job.log", WAITING]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout.readline() == "at it\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    process.stdout.close()
    assert list((tmp_path / "out").iterdir()) == []
    assert "stopped by SIGTERM" in (tmp_path / "job.log").read_text()


def test_arrays_survive_what_a_limit_left(tmp_path):
    """What was there before a failed writing is there still."""
    from uncloak.store import read_arrays, write_arrays

    path = tmp_path / "a.h5"
    write_arrays(path, {"a": np.arange(3)}, {})
    done = job(path, tmp_path / "job.log", WRITERS["h5"], limited(9999))
    told(done, path, "File too large")
    assert read_arrays(path, "a")[0].tolist() == [0, 1, 2]


def test_a_job_ends_with_the_one_who_started_it(tmp_path):
    """As when Snakemake is killed."""
    paths = [str(tmp_path / "out" / "a.csv"), str(tmp_path / "job.log")]
    command = [sys.executable, "-c", textwrap.dedent(JOB), *paths, WAITING]
    starter = f"import subprocess; subprocess.run({command!r})"
    process = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout.readline() == "at it\n"
    process.kill()
    process.communicate()  # until nobody holds its output any more
    assert list((tmp_path / "out").iterdir()) == []
    assert "stopped by SIGTERM" in (tmp_path / "job.log").read_text()
