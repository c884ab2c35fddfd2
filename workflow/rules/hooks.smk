"""What a run tells at its start and at its end: also what of its needs is not there, which stops it before any job."""

import atexit
import sys

from uncloak.figures.timings import report as times
from uncloak.opening import opening
from uncloak.plan import brought


def lacks():
    """What the jobs to be run need of the user's and do not find: a line for each thing that is missing, or fetched."""
    names = (
        job.params.get("brought")
        for job in workflow.dag.needrun_jobs(exclude_finished=False)
    )
    return brought.told(config, filter(None, names))


@atexit.register
def tell_of_a_dry_run():
    """A dry run has no hooks: at its very end it tells what a run would need."""
    if (
        workflow.is_main_process
        and workflow.executor_plugin
        and workflow.dryrun
        and workflow.dag
    ):
        print(brought.message(*lacks()), file=sys.stderr)


onstart:
    missing, fetched = lacks()
    if missing and not workflow.touch:
        sys.exit(f"error: {brought.message(missing)}")
    print(brought.message([], fetched), file=sys.stderr)
    cores = workflow.cores if workflow.local_exec else None
    jobs = len([*workflow.dag.needrun_jobs()])
    print(opening(config, jobs, cores), file=sys.stderr)
    # To limit starts of jobs per second, which clusters need, Snakemake 9 wakes its scheduler every second, once for
    # each job that has ended while others were ready: up to a seventh of a core at the end of the default.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    print(times("benchmarks", "logs"))
