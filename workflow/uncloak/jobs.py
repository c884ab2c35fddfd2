"""What every job does around its work: a log, freed memory, what it spent; and bad input is told in one line.

Plain attributes are all that a job is told by, so that the library does without Snakemake.

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
from typing import Any

from uncloak.allocation import keep_freed_memory
from uncloak.errors import BAD_INPUT, InputError, LackError
from uncloak.halving import enough_memory
from uncloak.progress import shown
from uncloak.spending import counted

gc.disable()  # until `logged`


class Job:
    """What a script is told (input, output, params, wildcards, threads, log), and what every job makes of it.

    Its params are `code`, a digest of the code, and, where it has one, `record`, the text of its record
    (`uncloak.records.reading.read`), and `seed`.
    """

    def __init__(self, told: Any):
        self._told = told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._told, name)

    @property
    def seed(self) -> int:
        """The experiment's seed."""
        return self.params.seed

    def made(self, **more: Any) -> dict[str, Any]:
        """Return what an output's attributes say of its making: the record, digest of the code, seed, and `more`."""
        told = {"recipe": getattr(self.params, "record", None), "seed": getattr(self.params, "seed", None)}
        return {name: value for name, value in told.items() if value is not None} | {"code": self.params.code, **more}


@contextmanager
def started(told: Any, kind: type[Job] = Job) -> Iterator[Job]:
    """Give a script its job, `logged` to the job's file."""
    with logged(told.log[0]):
        yield kind(told)


@contextmanager
def logged(log: str | os.PathLike) -> Iterator[None]:
    """Send the library's messages to the file `log`; on InputError print its one line and exit with status 1.
    So is told that a GPU has too little memory.

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
        with counted() as spent, shown("/".join(job) or folder), enough_memory():
            yield
            logging.getLogger(__name__).info(spent())
    except InputError as error:
        name = "uncloak" if isinstance(error, LackError) else BAD_INPUT
        logging.getLogger(name).error("%s", error)
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception:
        logging.getLogger("uncloak").exception("failed")
        raise
    finally:
        logging.getLogger("uncloak.devices").removeHandler(slow)
        gc.freeze()
