"""Progress of long loops: rate and time left in the job's log, and on the terminal where a person watches."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

Item = TypeVar("Item")
logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_SHOWN_LINES = 20.0


class Progress:
    """How far a loop over `total` units has come, to be used in a `with` statement.

    A line at most every ten seconds, and one at the end, goes to the log.
    """

    def __init__(self, total: int, what: str, unit: str = "pictures"):
        self.total, self.what, self.unit = total, what, unit
        self.done = 0.0
        self._start = self._last = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def reach(self, done: float) -> None:
        """Tell that `done` units of the total, whole or not, are finished by now."""
        self.done = done
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES or done >= self.total:
            self._last = now
            rate = done / max(now - self._start, 1e-9)
            left = (self.total - done) / max(rate, 1e-9)
            line = "%s: %.10g of %d %s, %.3g per second, %s left"
            arguments = (self.what, round(done, 1), self.total, self.unit, rate, _span(left))
            logger.info(line, *arguments, extra={"finished": done >= self.total})


def track(items: Iterable[Item], total: int, what: str, unit: str = "pictures", weight: int = 1) -> Iterator[Item]:
    """Yield from `items`, each worth `weight` of `total` units, and tell how it goes; see `Progress`."""
    with Progress(total, what, unit) as progress:
        for number, item in enumerate(items, start=1):
            yield item
            progress.reach(min(number * weight, total))


def watched() -> bool:
    """Whether a person watches: the standard error is a terminal, unless UNCLOAK_PROGRESS is set, to 0 for no."""
    asked = os.environ.get("UNCLOAK_PROGRESS", "")
    return asked != "0" if asked else sys.stderr.isatty()


@contextmanager
def shown(job: str) -> Iterator[None]:
    """Show progress on the standard error where a person watches, each line with the job's name in front."""
    if not watched():
        yield
        return
    terminal = _Terminal(sys.stderr)
    terminal.setFormatter(logging.Formatter(f"{job.replace('%', '%%')}: %(message)s"))
    logger.addHandler(terminal)
    try:
        yield
    finally:
        logger.removeHandler(terminal)


class _Terminal(logging.StreamHandler):
    """Whole lines, which do jobs side by side no harm: one every twenty seconds at most, and none at the end."""

    def __init__(self, stream: TextIO):
        super().__init__(stream)
        self._last = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if not record.finished and now - self._last >= _SECONDS_BETWEEN_SHOWN_LINES:
            self._last = now
            super().emit(record)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"
