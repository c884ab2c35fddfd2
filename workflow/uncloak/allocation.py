"""Memory that a long loop frees and wants again at every step."""

import ctypes

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
