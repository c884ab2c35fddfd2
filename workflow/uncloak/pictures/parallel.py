"""Work on pictures in parallel processes, with results in the order of the input."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PICTURES_PER_TASK = 8


def map_in_order(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Yield function(item) for each of `items`, in order, computed by `workers` processes (1: in this one).

    `function` and results must be picklable. Processes are forked, so modules and models that were loaded before the
    call, which can take many seconds, are loaded once. Raises what `function` raises.
    """
    if workers <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    chunk = min(_PICTURES_PER_TASK, -(-len(items) // workers))
    executor = ProcessPoolExecutor(workers, mp_context=get_context("fork"))
    try:
        yield from executor.map(function, items, chunksize=chunk)
    finally:
        executor.shutdown(cancel_futures=True)
