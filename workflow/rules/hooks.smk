"""What a run tells at its start and at its end."""

import sys

from uncloak.figures.timings import report as times
from uncloak.opening import opening


onstart:
    cores = workflow.cores if workflow.local_exec else None
    jobs = len([*workflow.dag.needrun_jobs()])
    print(opening(config, jobs, cores), file=sys.stderr)
    # To limit starts of jobs per second, which clusters need, Snakemake 9 wakes its scheduler every second, once for
    # each job that has ended while others were ready: up to a seventh of a core at the end of the default.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    print(times("benchmarks", "logs"))
