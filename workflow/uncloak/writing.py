"""Files written whole or not at all, what is left of those whose writer was killed, and why one cannot be written."""

import errno
import os
import re
import shutil
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from uncloak.errors import LackError
from uncloak.files import beside

# Processes of several machines may write into one folder, and one of them knows only its own.
_HERE = f"{zlib.crc32(socket.gethostname().encode()):08x}"
_TEMPORARY = re.compile(r"\.(\d+)-([0-9a-f]{8})\.")
_FORGOTTEN = 86400.0  # seconds that no file is open without a word being written
_MENDS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room, and run again"),
    errno.EFBIG: "raise the limit of the size of files (ulimit -f), and run again",
    errno.EROFS: "work in a folder that may be written to",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "give yourself the permission to write there, and run again"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "use fewer cores, or raise the limit of open files (ulimit -n)"),
    errno.EAGAIN: "use fewer cores, or raise the limit of processes (ulimit -u), and run again",
    errno.ENOMEM: "use fewer cores or free memory, and run again",
    **dict.fromkeys(
        (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENXIO, errno.ENODEV, errno.EREMOTEIO),
        "see to the disk or network, and run again",
    ),
}
# Torch has no error of its own for memory of the processor.
_NO_MEMORY = "can't allocate memory"


class Fault(NamedTuple):
    """What is wrong with the machine, in the system's words, and what to do about it."""

    reason: str
    mend: str


@contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed to it on success and removed on failure.

    Raises LackError where the disk is full, the folder may not be written to, and the like.
    """
    path, temporary = Path(path), temporary_name(path)
    try:
        with faults_named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(temporary, path)
    finally:
        with suppress(OSError):  # it is renamed, or was never there
            temporary.unlink()


@contextmanager
def faults_named(path: str | os.PathLike) -> Iterator[None]:
    """Raise LackError, one line with the file or folder, where the machine fails while it is written to."""
    try:
        yield
    except Exception as error:
        found = fault(error)
        if found is None:
            raise
        raise LackError(f"{path}: cannot be written ({found.reason}); {found.mend}") from None


def temporary_name(path: str | os.PathLike, kind: str = "") -> Path:
    """Return a place beside `path`, of this process alone, with the same suffix, by which writers choose a format."""
    return beside(path, f".{os.getpid()}-{_HERE}.{kind}")


def fault(error: BaseException) -> Fault | None:
    """Return what is wrong where an error is the machine's, of its disk, memory or limits; else None."""
    # Libraries of file formats wrap the system's errors, and keep the number in the text at best.
    number = getattr(error, "errno", None)
    if number is None and (found := re.search(r"errno = (\d+)", str(error))):
        number = int(found[1])
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _NO_MEMORY in str(error)):
        number = errno.ENOMEM
    return Fault(os.strerror(number), _MENDS[number]) if number in _MENDS else None


def sweep(folders: Iterable[str | os.PathLike]) -> list[Path]:
    """Remove what killed processes left half-written right in these folders, which need not be there; return its paths.

    Left alone are files of a process that lives, and those of another machine that were written to within a day.
    """
    swept = []
    for folder in folders:
        try:
            entries = [entry for entry in os.scandir(folder) if _TEMPORARY.match(entry.name)]
        except OSError:
            continue
        swept += [Path(entry.path) for entry in entries if _is_left(entry) and _removed(entry)]
    return swept


def _is_left(entry: os.DirEntry) -> bool:
    process, machine = _TEMPORARY.match(entry.name).groups()
    try:
        if machine != _HERE:
            return time.time() - entry.stat(follow_symlinks=False).st_mtime > _FORGOTTEN
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's process, or removed just now
        return False
    return False


def _removed(entry: os.DirEntry) -> bool:
    try:
        shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
    except OSError:
        return False
    return True
