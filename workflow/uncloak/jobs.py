"""What every job does around its work: a log, freed memory, what it spent; and bad input is told in one line.

Imported first, it makes a job's imports faster: while modules are loaded, Python looks for garbage again and again,
which takes a fifth of the time of importing PyTorch, and there is none.
"""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uncloak.allocation import keep_freed_memory
from uncloak.errors import InputError
from uncloak.progress import shown
from uncloak.spending import counted

gc.disable()  # until `logged`


@contextmanager
def logged(log: str | os.PathLike) -> Iterator[None]:
    """Send the library's messages to the file `log`; on InputError print its one line and exit with status 1.

    Where a person watches, the progress of long loops goes to the terminal, too; that a precision is emulated, always.
    The last line of the log tells the CPU seconds that the process spent (`uncloak.spending`).
    """
    keep_freed_memory()
    # Modules stay to the end: looking for garbage among them costs half a second, most of it when the process ends.
    gc.freeze()
    gc.enable()
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log, filemode="w", level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", force=True
    )
    # What makes a run take hours is told where a person sees it.
    slow = logging.StreamHandler(sys.stderr)
    slow.setLevel(logging.WARNING)
    slow.setFormatter(logging.Formatter("warning: %(message)s"))
    logging.getLogger("uncloak.devices").addHandler(slow)
    # Logs lie in one folder, each named after its job.
    folder, *job = Path(log).with_suffix("").parts
    try:
        with counted() as spent, shown("/".join(job) or folder):
            yield
            logging.getLogger(__name__).info(spent())
    except InputError as error:
        logging.getLogger("uncloak").error("%s", error)
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception:
        logging.getLogger("uncloak").exception("failed")
        raise
    finally:
        logging.getLogger("uncloak.devices").removeHandler(slow)
        gc.freeze()
