"""CPU seconds that a process spends, and how many of them are no numerical work: its start, imports and charts."""

import builtins
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LINE = "spent {:.2f} CPU seconds, {:.2f} of them on start, imports and charts"
_PATTERN = re.compile(re.escape(_LINE).replace(r"\{:\.2f\}", r"(\d+\.\d\d)"))


def cpu_seconds(whose: int) -> float:
    """Return the CPU seconds, of user and system, of resource.RUSAGE_SELF, or of RUSAGE_CHILDREN that have ended."""
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def counted() -> Iterator[Callable[[], str]]:
    """Give a function that tells in a line what this process has spent by then, to be found by `told`.

    No numerical work are the seconds before this is entered, in which a process starts and imports, and those of
    imports inside; all seconds of a process that draws a chart. Imports of worker processes count as their work.
    """
    start, importing, depth = time.process_time(), 0.0, 0
    original = builtins.__import__

    def timed(*arguments: object, **named: object) -> object:
        nonlocal importing, depth
        begin, depth = time.process_time(), depth + 1
        try:
            return original(*arguments, **named)
        finally:
            depth -= 1
            if not depth:
                importing += time.process_time() - begin

    def line() -> str:
        total = cpu_seconds(resource.RUSAGE_SELF) + cpu_seconds(resource.RUSAGE_CHILDREN)
        return _LINE.format(total, total if "altair" in sys.modules else start + importing)

    builtins.__import__ = timed
    try:
        yield line
    finally:
        builtins.__import__ = original


def told(log: str | os.PathLike) -> tuple[float, float] | None:
    """Return the CPU seconds that a log tells, all and not numerical; None where there is no log, or none in it."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            found = [match for line in file if (match := _PATTERN.search(line))]
    except OSError:
        return None
    return tuple(map(float, found[-1].groups())) if found else None
