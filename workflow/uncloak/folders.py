"""What lies in folders that people made, whatever lies there: links, also to nothing or in circles, and any names.

Links count as what they lead to. Hidden entries, such as editors and file managers leave, do not count; where that
leaves out pictures, it is told (`everything`).
"""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from uncloak.errors import InputError
from uncloak.files import unreadable

_DEPTH = 3  # IDENTITY/face/FILE is the deepest place of a picture of a dataset
PERSONS_DEPTH = 9  # of one person's own, in folders in folders; links may lead round in circles
_SHOW = "rename it if it should count"
_CHECKOUT = Path(__file__).resolve().parents[2]


def reachable(path: str) -> str:
    """Where a path leads from the working folder, or from this checkout where nothing is there; `~` is one's home.

    So what comes with the checkout, or was put into it, is found wherever the results go.
    """
    path = os.path.expanduser(path)
    stays = os.path.exists(path) or not os.path.exists(_CHECKOUT / path)
    return path if stays else os.path.relpath(_CHECKOUT / path)


def below(folder: str, name: str) -> Path:
    """Where a name leads from a folder that is `reachable`; it may be a path of its own, from the root or from `~`."""
    return Path(reachable(folder), os.path.expanduser(name))


def inside(folder: str | os.PathLike, name: str) -> Path:
    """Return the path of a file below a folder, by the name that a table has for it.

    Raises InputError where the name leads out of the folder: tables may be somebody else's.
    """
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{printable(folder)}: the name {name!r} leads out of this folder; make its table anew")
    return Path(folder, name)


def folders_in(folder: str | os.PathLike) -> list[Path]:
    """Return the folders in a folder, sorted; raises InputError where it is missing or cannot be read."""
    return [path for path in _visible(folder) if os.path.isdir(path)]


def files_in(folder: str | os.PathLike) -> list[Path]:
    """Return all that is no folder in a folder, sorted, also links to nothing; raises InputError as `folders_in`."""
    return [path for path in _visible(folder) if not os.path.isdir(path)]


def everything(
    root: str | os.PathLike, places: Collection[Path], endings: Collection[str]
) -> Iterator[tuple[Path, str]]:
    """Yield all that lies below `root`, at any depth, but folders; and folders that say nothing, with the reason.

    Of what is hidden come pictures, told by their endings, and folders with such in them, with the reason.

    places: folders below `root`, which are gone into even through links. Other links to folders are not, since they may
    lead round in circles; they come with the reason, as do folders that are empty or cannot be read.
    endings: of pictures' names, in small letters.
    """
    followed = {folder for place in places for folder in (place, *place.parents)}
    waiting = [Path(root)]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.listdir(folder))
        except OSError as error:
            yield folder, f"a folder that cannot be read ({error.strerror})"
            continue
        hidden = [folder / name for name in entries if name.startswith(".")]
        told = [(path, reason) for path in hidden if (reason := _hides(path, endings))]
        yield from told
        if not told and len(hidden) == len(entries):
            yield folder, "an empty folder"
        for path in (folder / name for name in entries if not name.startswith(".")):
            if not os.path.isdir(path):
                yield path, ""
            elif path in followed or not path.is_symlink():
                waiting.append(path)
            else:
                yield path, "a link to a folder, where none is followed"


def _hides(path: Path, endings: Collection[str]) -> str:
    """Return why hidden pictures are not used: one, or those in a folder; "" where there are none."""

    def picture(name: str) -> bool:
        # macOS leaves a file ._NAME beside each on disks of other systems, Emacs a link .#NAME beside what is open.
        return not name.startswith(("._", ".#")) and os.path.splitext(name)[1].lower() in endings

    if not os.path.isdir(path):
        return f"hidden: its name begins with a dot; {_SHOW}" if picture(path.name) else ""
    if any(picture(name) for _, _, names in os.walk(path) for name in names):
        return f"hidden: a folder of pictures whose name begins with a dot; {_SHOW}"
    return ""


def found(root: str | os.PathLike, depth: int = _DEPTH) -> Iterator[tuple[str, str, os.stat_result | None]]:
    """Yield all files below `root`, and folders and links that cannot be read: name, path and status, None of these.

    It goes `depth` levels deep, as pictures are looked for, and thus neither round in circles nor far out of the tree;
    it never raises for what is there.
    """
    waiting = [("", os.fspath(root))]
    while waiting:
        parent, folder = waiting.pop()
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        except OSError:
            yield parent, folder, None
            continue
        for entry in entries:
            name = f"{parent}/{entry.name}" if parent else entry.name
            try:
                status = entry.stat()
            except OSError:
                yield name, entry.path, None
                continue
            if not stat.S_ISDIR(status.st_mode):
                yield name, entry.path, status
            elif name.count("/") + 1 < depth:
                waiting.append((name, entry.path))


def check_holds_files(what: str, root: str | os.PathLike) -> None:
    """Raise InputError, which calls the folder `what`, unless `root` is a folder with anything in it."""
    if not os.path.exists(root):
        said = "no such folder; name the folder with the photographs"
    elif not os.path.isdir(root):
        said = "is no folder; name the folder that the photographs lie in"
    elif not _visible(root):
        said = "holds no files; name the folder with the photographs"
    else:
        return
    raise InputError(f"{what}: {printable(root)}: {said}")


def printable(name: str | os.PathLike) -> str:
    """Return a file's name with a mark for every byte that is no UTF-8, which no text file could hold."""
    return os.fsencode(name).decode("utf-8", "replace")


def _visible(folder: str | os.PathLike) -> list[Path]:
    try:
        return [Path(folder, name) for name in sorted(os.listdir(folder)) if not name.startswith(".")]
    except OSError as error:
        raise unreadable(printable(folder), error) from None
