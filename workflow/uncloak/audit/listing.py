"""One person's folders: which files there are, and which clean photograph each cloaked one was made from."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from uncloak.errors import InputError
from uncloak.exchange.endings import bare, is_cloaked
from uncloak.files import unreadable
from uncloak.folders import PERSONS_DEPTH, check_holds_files, everything, printable
from uncloak.pictures.reading import ENDINGS

CLEAN, LATER = "clean", "later"
_SHOWN = 3
_NAMED_CLOAKED = "named as a tool's cloaked picture"


@dataclass(frozen=True)
class Listed:
    """A file of a folder.

    Attributes:
        folder: "clean", "later" or the name of a cloak.
        file: below the folder, with forward slashes, printable.
        path: where it is.
        key: what a clean photograph and its cloaked ones have in common; of "later", none.
        reason: why it is not looked at, or empty.
    """

    folder: str
    file: str
    path: Path
    key: str = ""
    reason: str = ""


def list_folders(clean: str, cloaked: Mapping[str, str], later: str = "") -> list[Listed]:
    """List the files of all folders, and pair them by their stems.

    Folders in folders count; a cloaked photograph belongs to the clean one of its stem in the same folder below, or to
    the only one of its stem anywhere. Clean and cloaked photographs may lie in one folder, as tools leave them there.

    Raises InputError where a folder is missing, cannot be read or is empty, clean and cloaked are swapped, or none of
    the cloaked photographs is named after a clean one.
    """
    originals = _originals(clean, _files(clean, CLEAN))
    found = list(originals)
    never = [_never_posted(later, file) for file in _files(later, LATER)] if later else []
    for name, root in cloaked.items():
        found += _cloaks(name, root, _files(root, f"cloaked ({name})"), originals, {_stem_of(each) for each in never})
    folders = {CLEAN: clean, **cloaked, **({LATER: later} if later else {})}
    return found + never + [each for name, root in folders.items() for each in _hidden(name, root)]


def _files(root: str, what: str) -> list[str]:
    """Return all files below a folder, sorted; hidden ones, such as file managers leave, do not count."""
    check_holds_files(what, root)
    found: list[str] = []
    waiting = [("", 0)]
    while waiting:
        below, depth = waiting.pop()
        try:
            names = sorted(name for name in os.listdir(Path(root, below)) if not name.startswith("."))
        except OSError as error:
            raise unreadable(printable(Path(root, below)), error) from None
        for name in names:
            file = f"{below}/{name}" if below else name
            if not os.path.isdir(Path(root, file)):
                found.append(file)
            elif depth + 1 < PERSONS_DEPTH:
                waiting.append((file, depth + 1))
    if not found:
        raise InputError(f"{what}: {printable(root)}: holds no files; name the folder with the photographs")
    return sorted(found)


def _hidden(name: str, root: str) -> Iterator[Listed]:
    """Yield the hidden pictures of a folder, and the hidden folders of pictures."""
    for path, reason in everything(root, [Path(root)], ENDINGS):
        if path.name.startswith("."):
            yield Listed(name, printable(path.relative_to(root)), path, reason=reason)


def _stem(file: str) -> str:
    return printable(Path(file).stem)


def _place(file: str) -> str:
    """The stem with the folders that it lies in."""
    return bare(printable(str(Path(file).with_suffix(""))))


def _originals(root: str, files: Sequence[str]) -> list[Listed]:
    plain = {_place(file) for file in files if not is_cloaked(_stem(file))}
    if not plain:
        raise InputError(
            f"clean: {printable(root)}: all {len(files)} files are named as a tool's cloaked pictures"
            f" ({_few(files)}); it seems that clean and cloaked are swapped"
        )
    found, first = [], {}
    for file in files:
        key, reason = _place(file), ""
        if is_cloaked(_stem(file)):
            reason = _NAMED_CLOAKED
        elif key in first:
            reason = f"has the name of {first[key]}, which is taken"
        else:
            first[key] = printable(file)
        found.append(Listed(CLEAN, printable(file), Path(root, file), "" if reason else key, reason))
    return found


def _never_posted(root: str, file: str) -> Listed:
    reason = _NAMED_CLOAKED if is_cloaked(_stem(file)) else ""
    return Listed(LATER, printable(file), Path(root, file), reason=reason)


def _stem_of(listed: Listed) -> str:
    return Path(_place(listed.file)).name


def _cloaks(
    name: str, root: str, files: Sequence[str], originals: Sequence[Listed], never: Collection[str]
) -> list[Listed]:
    keys = {each.key for each in originals if each.key}
    by_stem: dict[str, list[str]] = {}
    for key in sorted(keys):
        by_stem.setdefault(Path(key).name, []).append(key)
    marked = {_place(file) for file in files if is_cloaked(_stem(file))}
    found, first = [], {}
    for file in files:
        place, reason = _place(file), ""
        same = by_stem.get(Path(place).name, [])
        key = place if place in keys else same[0] if len(same) == 1 else ""
        if place in marked and not is_cloaked(_stem(file)):
            reason = "a tool's original, beside its cloaked picture"
        elif key and key in first:
            reason = f"a second cloaked picture of one photograph; {first[key]} is taken"
        elif key:
            first[key] = printable(file)
        elif Path(place).name in never:
            reason = "its original is among the later photographs, which are never posted"
        found.append(Listed(name, printable(file), Path(root, file), "" if reason else key, reason))
    return found


def _few(files: Sequence[str]) -> str:
    return ", ".join(map(printable, files[:_SHOWN])) + (", ..." if len(files) > _SHOWN else "")
