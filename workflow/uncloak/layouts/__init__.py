"""How photographs of people lie in a folder: one module per layout, which the record of a dataset names.

To add one, write a module here with a function `people`: nothing keeps a list of them, and pictures in other layouts
are not listed anew. Its docstring says where a picture lies, its name without ending last, in messages and in the
reference of the configuration. Pictures may lie at most three levels deep (`uncloak.folders.found` looks no deeper).

`people(root)` goes through people: the identity, a folder of its pictures, and the files there, some of which may be no
pictures. An identity may come again, with another folder. It raises InputError where a folder cannot be read.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

People = Iterator[tuple[str, Path, list[Path]]]

LAYOUTS: dict[str, Callable[[Path], People]] = {
    module.name: import_module(f"{__name__}.{module.name}").people for module in iter_modules(__path__)
}
