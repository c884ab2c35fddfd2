"""Why a file cannot be read, and what mends it: only a damaged file is deleted, never one out of reach for now."""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from uncloak.errors import InputError

LONGEST_NAME = 255  # bytes, that file systems take
_REASONS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "may not be read; give yourself the permission to read it"),
    **dict.fromkeys(
        (errno.EAGAIN, errno.EDEADLK), "is locked by another program that has it open; close that one and run again"
    ),
    **dict.fromkeys(
        (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP),
        "lies on a file system without locks; set HDF5_USE_FILE_LOCKING=FALSE and run again",
    ),
    errno.EISDIR: "is a folder, not a file; move it away and run again",
}


def unreadable(path: str | os.PathLike, error: Exception, damage: str = "", advice: str = "") -> InputError:
    """Return the one line for an error of opening or reading a file.

    Args:
        path: the file.
        error: an error with a number (errno) is the operating system's, and says nothing of the file's content.
        damage: what to say, with advice, of an error without one, which is the format library's complaint of the
            content. Left out where the library never leaves the number out.
        advice: where to get the file, if it is missing.
    """
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return InputError(f"{path}: no such file" + (f"; {advice}" if advice else ""))
    if number in _REASONS:
        return InputError(f"{path}: {_REASONS[number]}")
    reason = os.strerror(number) if number else (str(error) or type(error).__name__).splitlines()[0]
    if damage and not number:
        return InputError(f"{path}: {damage} ({reason})")
    return InputError(
        f"{path}: cannot be read ({reason}); keep it, see to the disk or network that it is on, and run again"
    )


def gigabytes(*files: str | Iterable[str]) -> float:
    """Return the size of files, or of lists of them, in 10^9 bytes; one that is not there has none."""
    paths = [path for each in files for path in ([each] if isinstance(each, str) else each)]
    return sum(os.path.getsize(path) for path in paths if os.path.isfile(path)) / 1e9


def check_readable(path: str | os.PathLike, advice: str = "") -> None:
    """Raise the InputError of `unreadable` where there is no file at `path` that this process may open and read.

    Libraries of file formats call some of these cases missing, or damage; after this check they mean what they say.
    """
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise InputError(f"{path}: is a device or a pipe, not a file; move it away and run again")
        with open(path, "rb") as file:
            file.read(1)
    except OSError as error:
        raise unreadable(path, error, advice=advice) from None


def beside(path: str | os.PathLike, before: str, after: str = "") -> Path:
    """Return a place in the folder of `path`, its name, of one too long its end, between `before` and `after`."""
    name = Path(path).name
    while len(os.fsencode(before + name + after)) > LONGEST_NAME:
        name = name[1:]
    return Path(path).with_name(before + name + after)
