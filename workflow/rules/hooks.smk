"""What a run tells at its start and at its end: also what of its needs is not there, which stops it before any job."""

import atexit
import sys

from uncloak.figures.timings import report as times
from uncloak.opening import opening
from uncloak.plan import brought


include: "machines.smk"


def lacks():
    """What the jobs to be run need of the user's and do not find: a line for each thing that is missing, or fetched."""
    names = (
        job.params.get("brought")
        for job in workflow.dag.needrun_jobs(exclude_finished=False)
    )
    return brought.told(config, filter(None, names))


def tell(text):
    """Write to where Snakemake writes, if there is anything to say."""
    if text:
        print(text, file=sys.stderr)


@atexit.register
def tell_of_a_dry_run():
    """A dry run has no hooks: at its very end it tells what a run would need."""
    if (
        workflow.is_main_process
        and workflow.executor_plugin
        and workflow.dryrun
        and workflow.dag
    ):
        tell(brought.message(*lacks()))


onstart:
    missing, fetched = lacks()
    if missing and not workflow.touch:
        sys.exit(f"error: {brought.message(missing)}")
    tell(brought.message([], fetched))
    cores = workflow.cores if workflow.local_exec else None
    jobs = len([*workflow.dag.needrun_jobs()])
    tell(opening(config, jobs, cores))
    try_bad_input_once()
    if workflow.local_exec:
        take_turns_on_a_gpu()
    else:
        refuse_what_would_wait_for_ever()
    # To limit starts of jobs per second, which clusters need, Snakemake 9 wakes its scheduler every second, once for
    # each job that has ended while others were ready: up to a seventh of a core at the end of the default.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    print(times("benchmarks", "logs"))
