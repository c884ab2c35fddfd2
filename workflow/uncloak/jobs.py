"""What every job does around its work: keep a log and freed memory, and tell bad input in one line."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uncloak.allocation import keep_freed_memory
from uncloak.errors import InputError


@contextmanager
def logged(log: str | os.PathLike) -> Iterator[None]:
    """Send the library's messages to the file `log`; on InputError print its one line and exit with status 1."""
    keep_freed_memory()
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log, filemode="w", level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", force=True
    )
    try:
        yield
    except InputError as error:
        logging.getLogger("uncloak").error("%s", error)
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception:
        logging.getLogger("uncloak").exception("failed")
        raise
