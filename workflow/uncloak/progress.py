"""Progress of long loops: rate and time left in the job's log, and a bar where a person watches."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """How far a loop over `total` units has come, to be used in a `with` statement.

    A line at most every ten seconds, and one at the end, goes to the log; a bar to a terminal.
    """

    def __init__(self, total: int, what: str, unit: str = "pictures"):
        self.total, self.what, self.unit = total, what, unit
        self.done = 0.0
        self._start = self._last = time.monotonic()
        self._bar = tqdm(
            total=total,
            desc=what,
            unit=f" {unit}",
            disable=not sys.stderr.isatty(),
            leave=False,
            bar_format="{desc}: {n:.1f} of {total} {unit} |{bar}| {elapsed}, {remaining} left",
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def reach(self, done: float) -> None:
        """Tell that `done` units of the total, whole or not, are finished by now."""
        self._bar.update(done - self.done)
        self.done = done
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES or done >= self.total:
            self._last = now
            rate = done / max(now - self._start, 1e-9)
            left = (self.total - done) / max(rate, 1e-9)
            line = "%s: %.10g of %d %s, %.3g per second, %.0f s left"
            logger.info(line, self.what, round(done, 1), self.total, self.unit, rate, left)

    def between(self, first: float, last: float) -> Callable[[Sequence[Item]], Iterator[Item]]:
        """Return a wrapper of steps that together lead from `first` to `last` units; who ends them tells the end."""

        def steps(items: Sequence[Item]) -> Iterator[Item]:
            for number, item in enumerate(items):
                if number:
                    self.reach(first + (last - first) * number / len(items))
                yield item

        return steps


def track(items: Iterable[Item], total: int, what: str, unit: str = "pictures", weight: int = 1) -> Iterator[Item]:
    """Yield from `items`, each worth `weight` of `total` units, and tell how it goes; see `Progress`."""
    with Progress(total, what, unit) as progress:
        for number, item in enumerate(items, start=1):
            yield item
            progress.reach(min(number * weight, total))
