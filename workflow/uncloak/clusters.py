"""What a SLURM cluster has, so that nothing is submitted that no node could ever run."""

import math
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from uncloak.errors import BAD_INPUT

# What is asked for, as it is told, and what to do where no node has so much: `{most}` is what one has.
_WORDS = {
    "cores": ("CPUs", "set 'cores: {most}' in the profile"),
    "mem_mb": ("MB of memory", "set 'mem_mb: {most}' under 'resources' in the profile"),
    "gpu": ("GPUs", "use profiles/slurm-cpu, or set 'gpu: {most}' under 'resources' in the profile"),
    "runtime": ("minutes", "set its 'runtime' under 'set-resources', or put fewer jobs together ('group-components')"),
}


class Node(NamedTuple):
    """A node as one partition has it, `default` being the partition of those who name none; `runtime` is in minutes."""

    partition: str
    default: bool
    cores: int
    mem_mb: int
    gpu: int
    runtime: float


def nodes() -> list[Node]:
    """Return each kind of node of this machine's cluster, by partition; none where SLURM does not answer."""
    if not shutil.which("sinfo"):
        return []
    ask = ["sinfo", "--noheader", "--exact", "--format=%P|%c|%m|%G|%l"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [node_of(line) for line in done.stdout.splitlines() if line.count("|") == 4]


def node_of(line: str) -> Node:
    """Read PARTITION[*]|CPUS|MEGABYTES|GRES|TIME, as sinfo writes it."""
    partition, cores, memory, gres, time = line.strip().split("|")
    gpus = re.findall(r"(?:^|,)gpu(?::[^:,()]+)?:(\d+)", gres)
    name = partition.removesuffix("*")
    number = re.compile(r"\d+")
    return Node(
        name,
        name != partition,
        int(number.match(cores)[0]),
        int(number.match(memory)[0]),
        sum(map(int, gpus)),
        _minutes(time),
    )


def _minutes(time: str) -> float:
    """[DAYS-][[HOURS:]MINUTES:]SECONDS, or a word for no limit."""
    if not time[:1].isdigit():
        return math.inf
    days, _, clock = time.rpartition("-")
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part)
    return int(days or 0) * 1440 + seconds / 60


def refusal(name: str, asked: Mapping[str, object], found: Iterable[Node]) -> str | None:
    """Return why a job called `name` would wait for ever, in one line with what to do; None where a node may run it.

    asked: cores, mem_mb, gpu and runtime, of which some may be absent, and slurm_partition; other things do not count.
    found: the cluster's nodes. Nothing is said of a partition that it has not.
    """
    wanted = asked.get("slurm_partition")
    there = [node for node in found if (node.partition in str(wanted).split(",") if wanted else node.default)]
    needs = {what: asked[what] for what in _WORDS if isinstance(asked.get(what), int)}
    if not there or any(all(getattr(node, what) >= need for what, need in needs.items()) for node in there):
        return None
    partition = f"partition {wanted or there[0].partition}"
    for what, need in needs.items():
        most = max(getattr(node, what) for node in there)
        if most < need:
            words, mend = _WORDS[what]
            few = f"{partition} gives {most:g}" if what == "runtime" else f"no node of {partition} has more than {most}"
            mend = f"{mend.format(most=most)}, or name another slurm_partition"
            return f"{name} asks for {need} {words}, and {few}: it would wait for ever; {mend}"
    together = ", ".join(f"{need} {_WORDS[what][0]}" for what, need in needs.items())
    return f"{name} asks for {together}, which no node of {partition} has together: it would wait for ever; set less"


def found_bad_input(log: str | Path) -> bool:
    """Whether the job that wrote this log ended because of its input, which it would find again."""
    try:
        last = Path(log).read_text(encoding="utf-8", errors="replace").rstrip().rpartition("\n")[2]
    except OSError:
        return False
    return re.match(rf"\S+ \S+ {re.escape(BAD_INPUT)}: ", last) is not None
