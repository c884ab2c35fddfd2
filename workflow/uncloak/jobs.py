"""What every job does around its work: a log, freed memory, what it spent, seals; and a fault is told in one line.

Plain attributes are all that a job is told by, so that the library does without Snakemake.

Imported first, it makes a job's imports faster: while modules are loaded, Python looks for garbage again and again,
which takes a fifth of the time of importing PyTorch, and there is none.
"""

import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from uncloak import seals
from uncloak.allocation import keep_freed_memory
from uncloak.errors import BAD_INPUT, InputError, LackError, printable
from uncloak.halving import enough_memory
from uncloak.parallel import end_with_parent
from uncloak.progress import shown
from uncloak.spending import counted
from uncloak.writing import fault

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
    """Give a script its job, `logged` to the job's file.

    Its inputs are looked at before, whether they are as they were made; its outputs are sealed behind.
    """
    with logged(told.log[0]):
        for path in told.input:
            seals.check(path)
        yield kind(told)
        made = seals.made_by(getattr(told.params, "items", vars(told.params).items)())
        for path in told.output:
            seals.seal(path, made)


@contextmanager
def logged(log: str | os.PathLike) -> Iterator[None]:
    """Send the library's messages to the file `log`; on a fault print its one line and exit with status 1.

    A fault is bad input (InputError), or the machine's: a full disk, memory, also a GPU's, that runs out. A process
    that is asked to end does so in order, and leaves nothing half-written.
    Where a person watches, the progress of long loops goes to the terminal, too; that a precision is emulated, always.
    The last line of the log tells the CPU seconds that the process spent (`uncloak.spending`).
    """
    keep_freed_memory()
    # Modules stay to the end: looking for garbage among them costs half a second, most of it when the process ends.
    gc.freeze()
    gc.enable()
    before = signal.signal(signal.SIGTERM, _end)
    end_with_parent(signal.SIGTERM)  # a killed Snakemake leaves no jobs behind
    # A log that cannot be written to is no reason for a page of frames.
    logging.raiseExceptions, logging.lastResort = False, None
    # What makes a run take hours is told where a person sees it.
    slow = logging.StreamHandler(sys.stderr)
    slow.setLevel(logging.WARNING)
    slow.setFormatter(logging.Formatter("warning: %(message)s"))
    logging.getLogger("uncloak.devices").addHandler(slow)
    # Logs lie in one folder, each named after its job.
    folder, *job = Path(log).with_suffix("").parts
    try:
        _open(log)
        with counted() as spent, shown("/".join(job) or folder), enough_memory():
            yield
            logging.getLogger(__name__).info(spent())
    except Exception as error:
        line = str(error) if isinstance(error, InputError) else _fault(error)
        if line is None:
            logging.getLogger("uncloak").exception("failed")
            raise
        bad = isinstance(error, InputError) and not isinstance(error, LackError)
        logging.getLogger(BAD_INPUT if bad else "uncloak").error("%s", line)
        print(f"error: {line}", file=sys.stderr)
        sys.exit(1)
    finally:
        logging.getLogger("uncloak.devices").removeHandler(slow)
        signal.signal(signal.SIGTERM, before)
        gc.freeze()


def _open(log: str | os.PathLike) -> None:
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    lines = logging.FileHandler(log, "w")
    lines.setFormatter(_Shown("%(asctime)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[lines], level=logging.INFO, force=True)


class _Shown(logging.Formatter):
    """Lines that do nothing to the terminal which shows them, whatever names of files are in them."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).split("\n")))


def _fault(error: Exception) -> str | None:
    found = fault(error)
    place = getattr(error, "filename", None)
    return found and f"{place or 'this job'}: {found.reason}; {found.mend}"


def _end(number: int, _: object) -> NoReturn:
    """End as any signal ends a process, by its number, but in order."""
    logging.getLogger("uncloak").error("stopped by %s", signal.Signals(number).name)
    sys.exit(128 + number)
