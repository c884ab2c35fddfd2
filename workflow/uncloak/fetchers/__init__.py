"""Photographs that can be fetched: one module per collection, which the record of a dataset names.

To add one, write a module here with functions `folder` and `fetch` and three words: nothing keeps a list of them.

`folder(cache)` is where its photographs belong below the folder `cache`; it is there as a whole or not at all.
`fetch(cache)` makes it, unless it is there; several processes may call it at once. It raises InputError, in one line,
where it cannot. `WHAT` says what is fetched, `SIZE` how much (bytes), `LICENCE` on what terms.
"""

import os
import shutil
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

FETCHERS: dict[str, ModuleType] = {
    module.name: import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)
}


def copy_fetched(name: str, cache: Path, target: str | os.PathLike) -> None:
    """Copy a collection to the new folder `target`, fetched into `cache` unless it is there; raises as `fetch`."""
    fetcher = FETCHERS[name]
    fetcher.fetch(cache)
    shutil.copytree(fetcher.folder(cache), target)
