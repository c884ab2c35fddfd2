"""Work divided among processes of this machine, with results in the order of the input.

Processes are forked: what was loaded before, modules, models and pictures, is shared by all and loaded once. They end
with the process that started them, whatever ends it. Only Linux forks safely; elsewhere this process computes alone.
"""

import ctypes
import logging
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from uncloak.errors import LackError

Item = TypeVar("Item")
Task = TypeVar("Task")
Result = TypeVar("Result")
Track = Callable[[Sequence[Item]], Iterator[Item]]

logger = logging.getLogger(__name__)

_ITEMS_PER_TASK = 8
_PR_SET_PDEATHSIG = 1  # of Linux's prctl


def map_in_order(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Yield function(item) for each of `items`, in order, computed by `workers` processes (1: in this one).

    Results must be picklable. Raises what `function` raises, and InputError where a process is killed.
    """
    chunk = max(1, min(_ITEMS_PER_TASK, -(-len(items) // max(workers, 1))))
    chunks = [items[first : first + chunk] for first in range(0, len(items), chunk)]
    if workers <= 1:
        yield from map(function, items)
        return
    for results in share_out(lambda part, _: [function(item) for item in part], chunks, workers):
        yield from results


def share_out(
    function: Callable[[Task, Track], Result],
    tasks: Sequence[Task],
    workers: int,
    units: Sequence[float] | None = None,
    reach: Callable[[float], None] = lambda done: None,
) -> Iterator[Result]:
    """Yield function(task, track) for each of `tasks`, in order; whichever process is free takes the next one.

    Args:
        function: its `track` wraps the steps that a task consists of, to tell how far they are. Results must be
            picklable.
        tasks: what is to be done.
        workers: processes that compute; with 1, or one task, this one does.
        units: what each task counts for; 1 unless given.
        reach: is told how many units are done, steps of tasks under way included.

    Raises:
        InputError: where a process is killed; and whatever `function` raises. The other processes are ended.
    """
    units = [1.0] * len(tasks) if units is None else units
    done = [0.0] * len(tasks)

    def tell(number: int, share: float) -> None:
        done[number] = share * units[number]
        reach(sum(done))

    workers = min(workers, len(tasks)) if sys.platform == "linux" else 1
    if workers > 1:
        logger.info("%d processes share %d tasks", workers, len(tasks))
    compute = _in_processes(function, tasks, workers, tell) if workers > 1 else _in_this_process(function, tasks, tell)
    early: dict[int, Result] = {}
    due = 0
    for number, result in compute:
        early[number] = result
        tell(number, 1.0)
        while due in early:
            yield early.pop(due)
            due += 1


def _in_this_process(function: Callable, tasks: Sequence, tell: Callable) -> Iterator[tuple[int, Any]]:
    for number, task in enumerate(tasks):
        yield number, function(task, _track(number, tell))


def _in_processes(function: Callable, tasks: Sequence, workers: int, tell: Callable) -> Iterator[tuple[int, Any]]:
    """Yield the number and the result of each task as it is finished."""
    context = get_context("fork")
    started: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(workers):
            ours, theirs = context.Pipe()
            # Function and tasks are inherited, not sent.
            process = context.Process(target=_serve, args=(function, tasks, theirs, os.getpid()), daemon=True)
            process.start()
            theirs.close()
            started[ours] = process
        waiting = iter(range(len(tasks)))
        left = len(tasks)
        while left:
            for connection in wait(list(started)):
                try:
                    kind, number, value = connection.recv()
                    if kind in ("ready", "result") and (following := next(waiting, None)) is not None:
                        connection.send(following)
                except (EOFError, ConnectionError):
                    raise _lost(started[connection]) from None
                if kind == "error":
                    raise value
                if kind == "share":
                    tell(number, value)
                if kind == "result":
                    left -= 1
                    yield number, value
    finally:
        for connection, process in started.items():
            process.kill()
            process.join()
            connection.close()


def end_with_parent(number: signal.Signals) -> None:
    """Have this process get a signal when the one that started it ends; elsewhere than on Linux, nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _lost(process: BaseProcess) -> LackError:
    process.join()
    status = process.exitcode
    end = f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"
    return LackError(f"a worker process {end}; if memory ran out, use fewer cores or free some, and run again")


def _serve(function: Callable, tasks: Sequence, connection: Connection, parent: int) -> None:
    """Work on the tasks whose numbers come through the connection, as long as the parent lives."""
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it ended before
        return
    # A person's Ctrl-C reaches all processes; the parent ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connection.send(("ready", None, None))
    while True:
        number = connection.recv()
        try:
            value = function(tasks[number], _track(number, lambda task, share: connection.send(("share", task, share))))
        except Exception as error:
            connection.send(("error", number, _portable(error)))
        else:
            connection.send(("result", number, value))


def _portable(error: Exception) -> Exception:
    """The error with the place where it was raised, as one that another process can read."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError("\n".join([f"{type(error).__name__}: {error}", *error.__notes__]))
    return error


def _track(number: int, tell: Callable[[int, float], None]) -> Track:
    def track(steps: Sequence[Item]) -> Iterator[Item]:
        for step, item in enumerate(steps):
            if step:
                tell(number, step / len(steps))
            yield item

    return track
