"""A job that computes with torch: where, with how many threads, and in which precision."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from uncloak.jobs import Job, started

from uncloak.devices import choose_device, resolve_precision, used


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


@contextmanager
def computing(told: Any) -> Iterator[ComputingJob]:
    """Give a script its job, as `uncloak.jobs.started` does."""
    with started(told, ComputingJob) as job:
        yield job
