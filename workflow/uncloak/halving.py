"""Batches that fit into a GPU's memory: what is too much at once is computed in halves."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from uncloak.errors import InputError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Halving:
    """Computes rows that do not depend on each other, in parts that the GPU has memory for.

    What was once too much is not tried again. Parts give what the whole would, up to rounding.

    Args:
        what: is computed, for the log.
    """

    def __init__(self, what: str):
        self._what, self._most = what, None

    def __call__(self, compute: Callable[[slice], Result], count: int) -> Iterator[tuple[slice, Result]]:
        """Yield (rows, compute(rows)) for slices that together are `count` rows, in order: one, if there is memory.

        Raises InputError where not even one row fits.
        """
        import torch

        start = 0
        while start < count:
            rows = slice(start, min(start + (self._most or count), count))
            try:
                result = compute(rows)
            except torch.OutOfMemoryError:
                result = None
            if result is None:  # outside of the handler, whose traceback holds what was computed
                self._halve(rows.stop - rows.start)
                torch.cuda.empty_cache()
                continue
            yield rows, result
            start = rows.stop

    def _halve(self, count: int) -> None:
        if count == 1:
            raise InputError(
                f"{self._what}: the GPU has too little memory for a single picture; free some,"
                " or compute on the processor (CUDA_VISIBLE_DEVICES='' in the environment)"
            )
        self._most = -(-count // 2)
        logger.warning(
            "%s: the GPU has too little memory for %d pictures at once; going on with %d, which gives the same result"
            " up to rounding",
            self._what,
            count,
            self._most,
        )


@contextmanager
def enough_memory() -> Iterator[None]:
    """Raise InputError, one line, where a GPU has too little memory for what is not computed in halves."""
    try:
        yield
    except Exception as error:
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(error, torch.OutOfMemoryError):
            raise
        logger.exception("out of GPU memory")
        raise InputError(
            "the GPU has too little memory; free some of it, or use a larger one. What is learned is never halved, for"
            " a smaller batch gives another result: if you want that, set 'batch' in its record"
        ) from None
