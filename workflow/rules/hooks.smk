"""What a run tells at its start and at its end: also what of its needs is not there, which stops it before any job."""

import atexit
import os
import sys

from uncloak.figures.timings import report as times
from uncloak.opening import opening
from uncloak.plan import brought
from uncloak.seals import made_by, strangers
from uncloak.writing import sweep


include: "machines.smk"


def lacks():
    """What the jobs to be run need of the user's and do not find: a line for each thing that is missing, or fetched."""
    names = (
        job.params.get("brought")
        for job in workflow.dag.needrun_jobs(exclude_finished=False)
    )
    return brought.told(config, filter(None, names))


def copied():
    """Tell of results that Snakemake has no record of, and that are not what it would make now."""
    dag = workflow.dag
    jobs = (
        job for job in dag.jobs if dag.reason(job).no_metadata and not dag.needrun(job)
    )
    return strangers(
        (path, made_by(job.params.items()))
        for job in jobs
        for path in job.output
        if os.path.exists(path)
    )


def tell(text):
    """Write to where Snakemake writes, if there is anything to say."""
    if text:
        print(text, file=sys.stderr)


@atexit.register
def tell_at_the_end():
    """A dry run, and one that finds nothing to do, have no hooks: they tell at their very end."""
    if not (workflow.is_main_process and workflow.executor_plugin and workflow.dag):
        return
    if workflow.dryrun:
        tell(brought.message(*lacks()))
    if workflow.dryrun or not any(workflow.dag.needrun_jobs(exclude_finished=False)):
        tell(copied())


onstart:
    missing, fetched = lacks()
    if missing and not workflow.touch:
        sys.exit(f"error: {brought.message(missing)}")
    tell(brought.message([], fetched))
    tell(copied())
    sweep(
        {os.path.dirname(path) for job in workflow.dag.jobs for path in job.output}
    )
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
