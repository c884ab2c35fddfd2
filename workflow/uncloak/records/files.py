"""Files of records: YAML in which no key stands twice, of which YAML itself would keep the last and say nothing."""

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

from uncloak.errors import InputError
from uncloak.records.faults import spoken

# The parser in C, where PyYAML has it: every start of Snakemake waits for the records.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: str | os.PathLike) -> dict:
    """Read a file of records; an empty one has none.

    Raises InputError, in one line, where it cannot be read, is no mapping, or has a key twice.
    """
    return _read(path, construct=True)


def catalog(folder: str | os.PathLike) -> dict:
    """Read all files of records in a folder, which hold the records of one kind or more each, under the kind's name.

    Several files may hold records of one kind. Raises InputError as `read_yaml` does, and where two hold one record.
    """
    records, found = {}, {}
    for path in sorted(Path(folder).glob("*.yaml")):
        for kind, entries in read_yaml(path).items():
            known = records.setdefault(kind, {})
            if not isinstance(entries, dict) or not isinstance(known, dict):
                if known:
                    raise InputError(f"{path}: '{kind}' stands in another file, too, and is no mapping; keep one")
                records[kind] = entries
                continue
            for name, entry in entries.items():
                if name in known:
                    raise InputError(f"{path}: '{kind}.{name}' stands in {found[kind, name]}, too; keep one")
                known[name], found[kind, name] = entry, path.name
    return records


def refuse_repeated_keys(paths: Iterable[str | os.PathLike]) -> None:
    """Raise InputError where one of these files of records, read by somebody else, has a key twice."""
    for path in paths:
        _read(path, construct=False)


def _read(path: str | os.PathLike, construct: bool) -> dict:
    try:
        loader = _Loader(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, error) from None
    try:
        node = loader.get_single_node()
        _check(path, node, (), set())
        records = loader.construct_document(node) if construct and node else {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise error if isinstance(error, InputError) else _unreadable(path, error) from None
    finally:
        loader.dispose()
    if not isinstance(records, dict):
        raise InputError(f"{path}: is no mapping; write `key: value` lines")
    return records


def _check(path: str | os.PathLike, node: yaml.Node | None, place: tuple, seen: set[int]) -> None:
    """Look for repeated keys before merge keys (`<<`), which may well repeat one, are filled in."""
    if node is None or id(node) in seen:  # aliases are met again and again
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, entry in enumerate(node.value):
            _check(path, entry, (*place, number), seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, entry in node.value:
            line, here = key.start_mark.line + 1, (*place, getattr(key, "value", "?"))
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in lines:
                    lines_of_both = f"lines {lines[key.value]} and {line}"
                    raise InputError(f"{path}: {spoken(here)}: the key stands twice, in {lines_of_both}; keep one")
                lines[key.value] = line
            _check(path, entry, here, seen)


def _unreadable(path: str | os.PathLike, error: Exception) -> InputError:
    return InputError(f"{path}: cannot be read as YAML ({' '.join(str(error).split())}); mend it")
