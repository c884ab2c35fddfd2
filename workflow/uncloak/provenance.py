"""What a result was made from: digests of code and of configuration records.

A rule carries these digests in its `params`, so that Snakemake reruns a job when code that it really imports, or the
one record it uses, has changed in content, and never because a file was touched, cloned or moved.
"""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from uncloak.contents import contents
from uncloak.errors import InputError

PACKAGE = Path(__file__).parent


def as_text(record: Mapping | list | str | float | None) -> str:
    """Return a record as text that is the same for equal records, whatever the order of their keys."""
    return json.dumps(record, sort_keys=True, default=str)


def as_ordered_text(told: Mapping | list) -> str:
    """Return what a job is told as text, in its order: that of attacks in a legend is a matter of the record, too."""
    return json.dumps(told, default=str)


def digest(text: str) -> str:
    """Return a short hash of `text`, to name a recipe in a file's attributes."""
    # Names of files need not be UTF-8; such bytes count as they are.
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def listing_digest(root: str | Path, *depth: int, kept: Path | None = None) -> str:
    """Return a digest of the names and contents of the files below `root`, which a touch or a copy does not change.

    depth, kept: as for `uncloak.contents.contents`.

    Links are followed and hidden files left out, as by all that reads such folders.
    """
    return digest("\n".join(contents(root, *depth, kept=kept)))


@cache
def code_digest(script: str | Path, *modules: str) -> str:
    """Return a digest of a script, of the named modules that it picks at run time, and of all they import from uncloak.

    Comments, layout and docstrings do not count.

    Raises InputError where one of them is no Python.
    """
    # Names, not paths: the same code in another place is the same code.
    return digest("\n".join(sorted(f"{_name(file)} {_content(file)}" for file in code_files(script, *modules))))


def code_files(script: str | Path, *modules: str) -> set[Path]:
    """Return the files of a script, of the named modules that it picks at run time, and of all they import."""
    files = {Path(script)}
    waiting = {Path(script), *(module_file(name) for name in modules)}
    while waiting:
        file = waiting.pop()
        files.add(file)
        waiting |= _imports(file) - files
    return files


@cache
def module_file(name: str) -> Path:
    """Return the source file of a module named like "uncloak.recognition.rates" (a package's is its `__init__`)."""
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix() if file.is_relative_to(PACKAGE) else file.name


@cache
def _read(file: Path) -> tuple[frozenset[Path], str]:
    """Return the files of our package that a file imports, and a digest of what it says less its docstrings.

    One parse and one walk: Snakemake asks for all of the code, each time it starts.
    """
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), file.name)
    except (SyntaxError, ValueError) as error:  # a ValueError: bytes that are no text
        raise InputError(f"{file}: is no Python: {' '.join(str(error).split())}; mend it") from None
    names = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from uncloak.attacks import mixture` may name a module as well as a function.
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    files = (module_file(name) for name in names if name.split(".")[0] == PACKAGE.name)
    return frozenset(found for found in files if found.exists()), digest(_said(tree))


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield a module and all statements in it: neither imports nor docstrings stand in expressions, the most of it."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, field, ())


def _said(tree: ast.AST) -> str:
    """Return all that a tree says, as text, in a third of the time that writing it as Python takes.

    What is not there stands nowhere, so that Pythons agree whose trees have fields that others have not.
    """
    said, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        said.append(type(node).__name__)
        for field in node._fields:
            value = getattr(node, field, None)
            if value is None or value == []:
                continue
            said.append(field)
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, ast.AST):
                    said.append(".")
                    waiting.append(each)
                else:
                    said.append(repr(each))
    return " ".join(said)


def _imports(file: Path) -> frozenset[Path]:
    return _read(file)[0]


def _content(file: Path) -> str:
    return _read(file)[1]
