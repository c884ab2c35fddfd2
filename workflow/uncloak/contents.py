"""What lies in a folder, told by content: each file is read once, and again when its size or time stamps change.

A picture that another of the same size replaces is thus noticed, and a touch or a copy is none.
"""

import hashlib
import json
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from uncloak.errors import LackError
from uncloak.folders import found
from uncloak.writing import atomic

_MOST = 1 << 26  # bytes that are read of a file: no picture of a person is larger, and films are not waited for
_SECONDS = 3  # by which a clock's steps are shorter: what changes within them may keep its time stamps
_Known = dict[str, list]  # name -> size, when its content and when anything of it changed (ns), digest of its content


def contents(root: str | os.PathLike, *depth: int, kept: Path | None = None) -> list[str]:
    """Return a line for each file below `root`, its name, size and what it contains, sorted; never raises.

    Args:
        depth: as for `uncloak.folders.found`.
        kept: folder in which digests stay from one time to the next; nowhere unless given.
    """
    place = kept / f"{hashlib.sha256(os.fsencode(os.path.abspath(root))).hexdigest()}.json" if kept else None
    known, now = _read(place) if place else {}, time.time_ns()
    lines, told = [], {}
    for name, path, status in found(root, *depth):
        if status is None:
            lines.append(f"{name} unreadable")
            continue
        marks = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        before = known.get(name)
        digest = before[3] if before and before[:3] == marks else _digest(path, status)
        if digest and now - max(marks[1:]) > _SECONDS * 10**9:
            told[name] = [*marks, digest]
        lines.append(f"{name} {status.st_size} {digest}")
    if place and told != known:
        _write(place, told)
    return sorted(lines)


def _digest(path: str, status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return ""  # a pipe would be waited for
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read(_MOST)).hexdigest()[:16]
    except OSError:
        return ""


def _read(place: Path) -> _Known:
    try:
        known = json.loads(place.read_text(encoding="ascii"))
    except (OSError, ValueError, RecursionError):
        return {}
    sound = isinstance(known, dict) and all(isinstance(each, list) and len(each) == 4 for each in known.values())
    return known if sound else {}


def _write(place: Path, told: _Known) -> None:
    """Keep what is told; where that cannot be done, files are read again."""
    with suppress(OSError, LackError), atomic(place) as temporary:
        temporary.write_text(json.dumps(told), encoding="ascii")
