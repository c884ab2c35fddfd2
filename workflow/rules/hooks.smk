"""What a run tells at its start and at its end."""

import sys

from uncloak.figures.timings import report as times
from uncloak.opening import opening


onstart:
    cores = workflow.cores if workflow.local_exec else None
    jobs = len([*workflow.dag.needrun_jobs()])
    print(opening(config, jobs, cores), file=sys.stderr)


onsuccess:
    print(times("benchmarks", "logs"))
