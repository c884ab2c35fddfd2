"""A job that computes with torch: where, with how many threads, and in which precision."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from uncloak.jobs import Job, started

from uncloak.checkpoints import Checkpoint
from uncloak.devices import choose_device, resolve_precision, used
from uncloak.provenance import as_text


class ComputingJob(Job):
    """A job, and where it computes."""

    @cached_property
    def device(self) -> str:
        """Where to compute: "cuda", or "cpu" with as many threads as the job has."""
        import torch

        torch.set_num_threads(self.threads)
        return choose_device()

    def made(self, precision: str | None, **more: Any) -> dict[str, Any]:
        """Return what an output's attributes say of its making, the device and the precision there, too.

        precision: as a record asks for it, one of `uncloak.devices.PRECISIONS`; None is "auto".
        """
        return super().made(**used(self.device, resolve_precision(precision or "auto", self.device)), **more)

    def checkpoint(self, made: Mapping[str, Any]) -> Checkpoint:
        """Return where this job keeps how far it has come: beside its output, for the same job alone.

        made: what its attributes will say. Inputs count by size and time: one that is made again begins anew.
        """
        files = {str(path): (Path(path).stat().st_size, Path(path).stat().st_mtime_ns) for path in self.input}
        return Checkpoint(self.output[0], as_text({**made, "threads": self.threads, "files": files}))


@contextmanager
def computing(told: Any) -> Iterator[ComputingJob]:
    """Give a script its job, as `uncloak.jobs.started` does."""
    with started(told, ComputingJob) as job:
        yield job
