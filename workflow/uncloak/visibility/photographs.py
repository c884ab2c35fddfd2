"""How much a perturbation shows in whole photographs, file by file, because photographs are large."""

import os
from collections.abc import Iterable

import pandas as pd

from uncloak.parallel import map_in_order
from uncloak.pictures.reading import load_picture
from uncloak.visibility.pictures import MEASURES, measure

Path = str | os.PathLike


def measure_files(pairs: Iterable[tuple[Path, Path]], workers: int = 1) -> pd.DataFrame:
    """Return the columns `uncloak.visibility.pictures.MEASURES`, one row for each pair of files, clean and perturbed.

    workers: processes, each with one pair in memory.

    Raises InputError where a file cannot be read, or the two of a pair do not match.
    """
    rows = map_in_order(_measure_pair, list(pairs), workers)
    return pd.DataFrame(list(rows), columns=list(MEASURES), dtype=float)


def _measure_pair(pair: tuple[Path, Path]) -> list[float]:
    clean, perturbed = map(load_picture, pair)
    return [float(values[0]) for values in measure([clean], [perturbed]).values()]
