"""Work shared out among processes: results, progress, and how all of it ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

from uncloak.errors import InputError
from uncloak.parallel import map_in_order, share_out

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks safely")


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_over(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("workers", [1, 2, 3, 50])
def test_results_come_in_order_whoever_computed_them(workers):
    def square(number, track):
        time.sleep(0.02 if number == 0 else 0)
        return number**2, os.getpid()

    results = list(share_out(square, range(20), workers))
    assert [value for value, _ in results] == [number**2 for number in range(20)]
    pids = {pid for _, pid in results}
    assert pids == {os.getpid()} if workers == 1 else os.getpid() not in pids
    assert len(pids) <= min(workers, 20)
    # What the function closes over need not be picklable, and items may be an array.
    assert list(map_in_order(lambda item: item + 1, np.arange(50), workers)) == list(range(1, 51))
    assert list(map_in_order(str, [], workers)) == []


def test_a_free_process_takes_the_next_task(tmp_path):
    def work(number, track):
        if number == 0:
            wait_until(lambda: len(list(tmp_path.iterdir())) == 9)
        else:
            (tmp_path / str(number)).touch()
        return os.getpid()

    slow, *others = share_out(work, range(10), 2)
    assert len(set(others)) == 1
    assert slow not in others


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_the_steps_of_tasks_under_way(workers):
    told = []

    def work(task, track):
        return sum(track(range(task)))

    results = list(share_out(work, [4, 2, 1], workers, units=[8, 1, 1], reach=told.append))
    assert results == [6, 1, 0]
    assert told == sorted(told)
    assert told[-1] == 10
    # 3 steps within the first task, 1 within the second, and 3 ends.
    assert len(told) == 7
    if workers == 1:
        assert told == [2, 4, 6, 8, 8.5, 9, 10]
    # Steps that are left early, or that there are none of, harm nothing.
    assert list(share_out(lambda task, track: [*track([]), next(track(range(5)))], [0, 1], workers)) == [[0], [0]]


def test_an_error_is_passed_on_and_ends_the_others():
    before = {child.pid for child in psutil.Process().children()}

    def work(number, track):
        if number == 1:
            raise InputError("picture 1 is bad; mend it")
        time.sleep(600)

    with pytest.raises(InputError) as caught:
        list(share_out(work, range(3), 2))
    assert str(caught.value) == "picture 1 is bad; mend it"
    assert "in work" in "".join(caught.value.__notes__)
    assert {child.pid for child in psutil.Process().children()} <= before

    class OwnError(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    def cannot_be_sent(number, track):
        raise OwnError(1, 2)

    with pytest.raises(RuntimeError, match="OwnError: 1 and 2"):
        list(share_out(cannot_be_sent, range(2), 2))


def test_processes_end_where_the_caller_stops_early():
    processes = share_out(lambda number, track: os.getpid(), range(100), 2)
    pid = next(processes)
    processes.close()
    wait_until(lambda: is_over(pid))


@pytest.mark.parametrize("number", [0, 3])
def test_a_killed_process_is_told_in_one_line(number):
    def work(task, track):
        if task == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    with pytest.raises(InputError, match=r"^a worker process was killed \(SIGKILL\); .*memory.*run again$") as caught:
        list(share_out(work, range(4), 2))
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="ended with status 3"):
        list(share_out(lambda task, track: os._exit(3), range(4), 2))


ORPHANS = """
    import os, time
    from pathlib import Path
    from uncloak.parallel import share_out

    def work(task, track):
        Path(folder, str(os.getpid())).touch()
        time.sleep(600)

    list(share_out(work, range(4), 3))
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_one_that_started_it(ending, tmp_path):
    script = f"folder = {str(tmp_path)!r}\n{textwrap.dedent(ORPHANS)}"
    parent = subprocess.Popen([sys.executable, "-c", script])
    wait_until(lambda: len(list(tmp_path.iterdir())) == 3)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert not any(map(is_over, workers))
    parent.send_signal(ending)
    parent.wait(30)
    wait_until(lambda: all(map(is_over, workers)))


JOB = """
    import os, signal, sys
    sys.path.insert(0, tests)
    from reference_computations import small_network, smooth_faces
    from uncloak.attacks.methods import lowkey
    from uncloak.attacks.perturb import perturb
    from uncloak.jobs import logged

    job, whole = os.getpid(), lowkey.attack

    def attack(pictures, *arguments, **options):
        if os.getpid() != job:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(pictures, *arguments, **options)

    lowkey.attack = attack
    with logged(log):
        options = {"steps": 2, "perceptual": "dssim"}
        names = ["a/1", "a/2", "a/3"]
        perturb(smooth_faces(3), names, "lowkey", options, [small_network(1)], 0, batch_size=1, workers=2)
"""


def test_a_job_whose_process_is_killed_ends_with_one_line(tmp_path):
    log = tmp_path / "job.log"
    script = (
        f"log, tests = {str(log)!r}, {os.path.join(os.path.dirname(__file__), 'support')!r}\n{textwrap.dedent(JOB)}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("error: a worker process was killed (SIGKILL)")
    assert "a worker process was killed" in log.read_text()
    assert "Traceback" not in log.read_text()
