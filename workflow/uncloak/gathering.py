"""What several jobs have made, a shard each, put together, pictures in order."""

import os
import shutil
from collections.abc import Sequence

import numpy as np
import pandas as pd

from uncloak.folders import inside
from uncloak.store import open_arrays, read_arrays
from uncloak.tables import read_table

Files = Sequence[str | os.PathLike]


def gather_arrays(paths: Files) -> dict[str, np.ndarray]:
    """Return the arrays of HDF5 files with the same names, one of which is picture.

    Raises InputError where a file is missing or damaged, or lacks a name that the first has.
    """
    with open_arrays(paths[0]) as file:
        names = list(file)
    shards = [dict(zip(names, read_arrays(path, *names), strict=True)) for path in paths]
    order = np.argsort(np.concatenate([shard["picture"] for shard in shards]))
    return {name: np.concatenate([shard[name] for shard in shards])[order] for name in names}


def gather_files(folders: Files, tables: Files, target: str | os.PathLike) -> pd.DataFrame:
    """Put the files below `folders` into the folder `target`, and return their table.

    tables: of each folder, with the columns picture and path, below it. Files are linked, where that is possible: the
    same file twice takes no space. Raises InputError where a table names a file outside its folder.
    """
    parts = [read_table(path, "picture", "path") for path in tables]
    for folder, table in zip(folders, parts, strict=True):
        for name in table["path"]:
            path = inside(target, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(inside(folder, name), path)
            except OSError:
                shutil.copyfile(inside(folder, name), path)
    return pd.concat(parts).sort_values("picture")
