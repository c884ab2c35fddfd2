"""Seals: beside each result, what it was when it was made, and by what.

A seal tells damage when the result is read, whatever kind of file it is, and, where Snakemake has no record of a result
(it was copied from elsewhere), whether it would be made alike now. Seals lie in a hidden folder beside the results and
go where that goes; the results themselves are as any other program wants them.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable
from uncloak.provenance import as_text, digest
from uncloak.writing import atomic

_FOLDER = ".seals"
# Of this format each part has a checksum of its own, which is looked at as it is read (`uncloak.store`).
_CHECKS_ITSELF = ".h5"
_SHOWN = 3


def made_by(params: Iterable[tuple[str, Any]]) -> str:
    """Return the digest of all that a job is told, by name: code, records, seed."""
    return digest(as_text(dict(params)))


def seal(path: str | os.PathLike, made: str) -> None:
    """Write the seal of a finished result, a file or a folder; `made`: `made_by` of its job."""
    path = Path(path)
    text = json.dumps({"made": made, "sha256": dict(_contents(path))}, indent=0)
    with atomic(_place(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check(path: str | os.PathLike) -> None:
    """Raise InputError, with the name of what is damaged, where a result is not what it was when it was made.

    What has no seal is not ours, or older than seals, and not judged; nor is what checks itself as it is read.
    """
    path = Path(path)
    if path.suffix != _CHECKS_ITSELF:
        for name in damaged(path):
            whole = "it" if name == path.name else path
            raise InputError(
                f"{path.parent / name}: damaged, or changed since it was made; delete {whole} and run again, which"
                " makes it anew"
            )


def damaged(path: str | os.PathLike) -> Iterator[str]:
    """Yield what of a result is not as it was: its own name, or that of a file in it with the folder's before."""
    path = Path(path)
    known = _read(path)
    if known is None:
        return
    if known[0] is None:
        yield path.name
    for name, expected in known[1].items():
        file = path.parent / name
        if not file.exists():
            yield name
            continue
        check_readable(file)
        if _digest_of(file) != expected:
            yield name


def made(path: str | os.PathLike) -> str | None:
    """Return what the seal of a result says of its making; None where it has none."""
    known = _read(Path(path))
    return known and known[0]


def strangers(results: Iterable[tuple[str, str]]) -> str:
    """Tell, in a few lines, of results without a history that are not what would be made now; "" where all are.

    results: paths, and `made_by` of the jobs that would make them.
    """
    others, unsealed = [], []
    for path, expected in results:
        found = made(path)
        if found is None:
            unsealed.append(path)
        elif found != expected:
            others.append(path)
    lines = []
    if others:
        lines.append(
            f"Warning: {_listed(others)}: made by other code, another record or another seed, as their seals say, and"
            " used as they are; delete them to have them made anew."
        )
    if unsealed:
        lines.append(
            f"Warning: {_listed(unsealed)}: without a history or a seal (made by an older version?), so neither damage"
            " nor what they were made from can be told, and used as they are; delete them to have them made anew."
        )
    return "\n".join(lines)


def sealed_below(folder: str | os.PathLike) -> Iterator[Path]:
    """Yield all results below a folder that have a seal, in order, also those that are no more."""
    for place, folders, _ in os.walk(folder):
        folders.sort()
        if _FOLDER in folders:
            folders.remove(_FOLDER)
            yield from (Path(place, name) for name in sorted(os.listdir(Path(place, _FOLDER))))


def _place(path: Path) -> Path:
    return path.with_name(_FOLDER) / path.name


def _contents(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and digest of a file, or of the files in a folder; hidden ones and links there are not ours."""
    if not path.is_dir():
        yield path.name, _digest_of(path)
        return
    for place, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(place, name)
            if not name.startswith(".") and not file.is_symlink():
                yield str(file.relative_to(path.parent)), _digest_of(file)


def _digest_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> tuple[str | None, dict[str, str]] | None:
    """Return what made a result, and digests by name: None and none where the seal is damaged; None without a seal."""
    try:
        told = json.loads(_place(path).read_bytes())
        return told["made"], {str(name): found for name, found in told["sha256"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(_place(path), error) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, {}


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
