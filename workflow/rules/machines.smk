"""What jobs get of machines: turns on one GPU, more at a second attempt, and no submission that would wait for ever."""

import os
import sys

from uncloak import clusters
from uncloak.devices import choose_device

# Of what a run is told by --resources, Snakemake tells nothing to the processes that it submits.
GPUS = "UNCLOAK_GPUS"
if workflow.is_main_process:
    told = workflow.global_resources.get("gpu").value
    os.environ[GPUS] = "" if told is None else str(told)
elif os.environ.get(GPUS):
    workflow.register_resource("gpu", int(os.environ[GPUS]))


def growing(resource):
    """What a job asks for, once more with each attempt: too little of it may be what it has failed for."""

    def at_attempt(wildcards, attempt, **known):
        found = resource.evaluate(wildcards, attempt=attempt, **known).value
        return found * attempt if isinstance(found, int) else found

    return at_attempt


if ELSEWHERE:
    for each in workflow.rules:
        for name in {"mem_mb", "runtime"} & set(each.resources):
            each.resources[name] = growing(each.resources[name])


def take_turns_on_a_gpu():
    """Let this machine's jobs on a GPU wait for each other, unless --resources says how many there may be at once."""
    if workflow.global_resources.get("gpu").value is None and choose_device() == "cuda":
        workflow.register_resource("gpu", 1)
        workflow.scheduler.global_resources["gpu"] = 1


def refuse_what_would_wait_for_ever():
    """End the run in one line where the cluster has no node for what it would submit."""
    nodes = clusters.nodes()
    jobs = [job for job in workflow.dag.needrun_jobs() if not job.is_local]
    for job in {workflow.dag.get_job_group(job) or job for job in jobs}:
        kind, called = ("group", job.groupid) if job.is_group() else ("rule", job.name)
        asked = {**dict(job.resources.items()), "cores": job.threads}
        if refusal := clusters.refusal(f"{kind} {called}", asked, nodes):
            sys.exit(f"error: {refusal}")


def try_bad_input_once():
    """Let no job be tried again whose log says that its input is bad: it would end so again."""
    handle_error = workflow.scheduler._handle_error

    def handle(job, **how):
        if any(map(clusters.found_bad_input, job.log)):
            job.attempt = job.restart_times + 1
        handle_error(job, **how)

    workflow.scheduler._handle_error = handle
