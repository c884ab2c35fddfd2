"""Memory: what a long loop frees and wants again at every step, and what is left for more processes."""

import ctypes
import os
from pathlib import Path

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of options in glibc's malloc.h
_LARGEST = 2**31 - 1
# Blocks beyond are mapped one by one. Older versions of the C library take no more than the second.
_LARGEST_BLOCKS = (2**30, 2**25)


def keep_freed_memory() -> None:
    """Let this process keep blocks of up to 1 GiB when they are freed, instead of giving them back to the system.

    Otherwise the temporary arrays of every step of an attack come back page by page, each zeroed anew, which costs a
    CPU up to a third of its time. The peak of the memory stays what it was. Does nothing where the C library is not
    glibc.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    set_option(_TRIM_THRESHOLD, _LARGEST)
    any(set_option(_MMAP_THRESHOLD, size) for size in _LARGEST_BLOCKS)


def available_memory(root: str | os.PathLike = "/") -> int | None:
    """Return how many bytes are left for this process and those it starts, or None where Linux does not say.

    No more than the machine has available, nor than a container or a batch system lets the process's group take.

    Args:
        root: of the file system that tells it.
    """
    try:
        lines = Path(root, "proc/meminfo").read_text().splitlines()
        available = next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
        own = 1024 * next(
            int(line.split()[1])
            for line in Path(root, "proc/self/status").read_text().splitlines()
            if line.startswith("VmRSS:")
        )
        groups = Path(root, "proc/self/cgroup").read_text().splitlines()
    except (OSError, StopIteration):
        return None
    return max(0, min([available, *(limit - own for limit in _limits(Path(root, "sys/fs/cgroup"), groups))]))


def _limits(folder: Path, groups: list[str]) -> list[int]:
    """Bytes that the groups of processes named in /proc/self/cgroup, and those around them, may take."""
    limits = []
    for line in groups:
        _, kinds, path = line.split(":", 2)
        if kinds in ("", "memory"):  # version 2, version 1
            base, name = (folder / "memory", "memory.limit_in_bytes") if kinds else (folder, "memory.max")
            inner = base / path.lstrip("/")
            for group in (inner, *inner.parents):
                try:
                    limits.append(int((group / name).read_text()))
                except (OSError, ValueError):  # another kind of system, or "max"
                    continue
    return limits
