"""Progress of long loops: rate and time left in the job's log, and a bar where a person watches."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 10.0


def track(items: Iterable[Item], total: int, what: str, unit: str = "pictures", weight: int = 1) -> Iterator[Item]:
    """Yield from `items`, each worth `weight` of `total` units, and tell how it goes.

    A line at most every ten seconds, and one at the end, goes to the log; a bar to a terminal.
    """
    start = last = time.monotonic()
    done = 0
    with tqdm(total=total, desc=what, unit=f" {unit}", disable=not sys.stderr.isatty(), leave=False) as bar:
        for item in items:
            yield item
            step = min(weight, total - done)
            done += step
            bar.update(step)
            now = time.monotonic()
            if now - last >= _SECONDS_BETWEEN_LINES or done >= total:
                last = now
                rate = done / max(now - start, 1e-9)
                left = (total - done) / max(rate, 1e-9)
                logger.info("%s: %d of %d %s, %.1f per second, %.0f s left", what, done, total, unit, rate, left)
