"""What a run costs on SLURM: submissions, minutes, and CPU seconds held, in all and by what was submitted together.

    python tests/benchmarks/cluster.py -- --profile profiles/slurm-cpu all

runs `snakemake` with what follows `--` in this folder and asks `squeue` for its jobs meanwhile. A job holds its CPUs
from its start to its end. `--usage FILE` adds the CPU seconds spent, where the cluster is this machine alone and its
daemons stand in a control group: FILE is then that group's `cpuacct.usage`.
"""

import argparse
import contextlib
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 10


def looked_up() -> dict[str, tuple[int, int, str]]:
    """Return what `squeue` knows of the user's jobs, also ended ones: CPUs, seconds of running, and its comment."""
    said = subprocess.run(
        ["squeue", "--me", "-h", "-t", "all", "-o", "%i|%C|%M|%k"], capture_output=True, text=True, check=True
    ).stdout
    jobs = {}
    for line in said.splitlines():
        number, cpus, elapsed, comment = line.split("|", 3)
        jobs[number] = int(cpus), seconds(elapsed), comment
    return jobs


def seconds(elapsed: str) -> int:
    """Return seconds of SLURM's [days-][hours:]minutes:seconds."""
    days, _, clock = elapsed.rpartition("-")
    total = 0
    for part in clock.split(":"):
        total = 60 * total + int(part)
    return total + 86400 * int(days or 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usage", type=Path, help="cpuacct.usage of the cluster's control group, in nanoseconds")
    parser.add_argument("options", nargs="+", help="of snakemake, after --")
    given = parser.parse_args()

    earlier = set(looked_up())
    spent = int(given.usage.read_text()) if given.usage else 0
    jobs, start = {}, time.monotonic()
    run = subprocess.Popen([sys.executable, "-m", "snakemake", *given.options])
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(SECONDS_BETWEEN_LOOKS)
        jobs |= {number: job for number, job in looked_up().items() if number not in earlier}
        if run.returncode is not None:
            break

    print(f"snakemake ended with {run.returncode} after {(time.monotonic() - start) / 60:.1f} minutes")
    print(f"{len(jobs)} submissions, {sum(cpus * ran for cpus, ran, _ in jobs.values())} CPU seconds held")
    if given.usage:
        print(f"{(int(given.usage.read_text()) - spent) / 1e9:.0f} CPU seconds spent, Snakemake's own with them")
    submissions, held = Counter(), Counter()
    for cpus, ran, comment in jobs.values():
        what = comment.removeprefix("rule_").partition("_wildcards")[0]
        submissions[what] += 1
        held[what] += cpus * ran
    for what, cost in held.most_common():
        print(f"{cost:8} CPU seconds held by {submissions[what]:3} of {what}")
    sys.exit(run.returncode)


if __name__ == "__main__":
    main()
