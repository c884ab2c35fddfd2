"""Print what more cores, and other batches, bring to one attack.

    uv run python tests/benchmarks/cores.py

"cores": seconds of perturb() for ten pictures (`--pictures`) on one process and on as many as there are cores, in turn,
after one turn of few steps that does not count; the machine should be idle. "batches": CPU milliseconds of a picture
and step by the size of the batch, on one thread. "sides" compares two attacks one after the other, each on all cores,
with both at a time, each on its share: what a run with several attacks should do. Networks have random weights: those
of the default's LowKey at 64 pixels, dlib's ResNet and MobileFaceNet at 112.

    ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 uv run python tests/benchmarks/cores.py

shows a processor as one without AVX-512.
"""

import argparse
import hashlib
import inspect
import logging
import os
import resource
import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from loops import ATTACKS, random_faces
from surrogates import untrained
from torch import nn

from uncloak import configuration
from uncloak.allocation import keep_freed_memory
from uncloak.attacks.batch import default_batch
from uncloak.attacks.perturb import perturb
from uncloak.extractors.folding import folded

PARTS = ("cores", "batches", "sides")
SIDES = {"small": 64, "large": 112}
STEPS = {"small": 50, "large": 10}
BATCHES = (1, 2, 4, 8, 16, 32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--nets", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--attack", choices=ATTACKS, default="lowkey")
    parser.add_argument("--pictures", type=int, default=10)
    parser.add_argument("--batches", type=int, nargs="*", default=[1], help="for part cores, besides the usual one")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    logging.disable()
    torch.set_num_threads(1)
    keep_freed_memory()  # as jobs do
    for part in arguments.parts:
        table = getattr(sys.modules[__name__], part)
        rows = [row for kind in arguments.nets for row in table(kind, arguments)]
        print(f"\n{inspect.cleandoc(table.__doc__)}\n{pd.DataFrame(rows).to_string(index=False, float_format='%.2f')}")


def cores(kind: str, arguments: argparse.Namespace) -> list[dict]:
    """Seconds of one attack on one process and on all, the ratio, that of CPU seconds, and whether the bytes are equal.
    A batch is what one process gets: where ten pictures are one, the others have nothing to do.
    """
    networks, rows = surrogates(kind), []
    for batch in [default_batch(SIDES[kind], "cpu"), *arguments.batches]:

        def run(workers: int, steps: int = STEPS[kind], batch: int = batch) -> tuple[float, float, str]:
            begin, cpu = time.perf_counter(), _cpu_seconds()
            found = attack(kind, networks, arguments.attack, arguments.pictures, steps, batch, workers)
            return time.perf_counter() - begin, _cpu_seconds() - cpu, found

        run(1, steps=1)
        turns = [(run(1), run(arguments.workers)) for _ in range(arguments.repeats)]
        one, many, cpu_one, cpu_many = (
            statistics.median(turn[which][what] for turn in turns) for what in (0, 1) for which in (0, 1)
        )
        rows.append(
            {
                "nets": kind,
                "pictures": arguments.pictures,
                "batch": batch,
                "steps": STEPS[kind],
                "1 process": one,
                f"{arguments.workers} processes": many,
                "ratio": one / many,
                "CPU ratio": cpu_one / cpu_many,
                "bytes equal": len({found for turn in turns for *_, found in turn}) == 1,
            }
        )
    return rows


def batches(kind: str, arguments: argparse.Namespace) -> list[dict]:
    """CPU milliseconds of a picture and step on one thread, by the size of the batch."""
    networks, steps = surrogates(kind), max(2, STEPS[kind] // 5)
    found: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(arguments.repeats + 1):
        for batch, seconds in found.items():
            pictures = max(8, batch)
            begin = time.process_time()
            attack(kind, networks, arguments.attack, pictures, steps, batch, 1)
            seconds.append((time.process_time() - begin) / pictures / steps)
    medians = {f"batch {batch}": 1000 * statistics.median(seconds[1:]) for batch, seconds in found.items()}
    return [{"nets": kind, "attack": arguments.attack, **medians}]


def sides(kind: str, arguments: argparse.Namespace) -> list[dict]:
    """Seconds of two attacks of twice the pictures, one after the other on all cores, or side by side on half each."""
    networks, pictures = surrogates(kind), 2 * arguments.pictures
    batch = default_batch(SIDES[kind], "cpu")

    def run(workers: int) -> None:
        attack(kind, networks, arguments.attack, pictures, STEPS[kind], batch, workers)

    begin = time.perf_counter()
    for _ in range(2):
        run(arguments.workers)
    after = time.perf_counter() - begin
    begin = time.perf_counter()
    jobs = [get_context("fork").Process(target=run, args=(max(1, arguments.workers // 2),)) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    beside = time.perf_counter() - begin
    return [{"nets": kind, "pictures": pictures, "one after the other": after, "side by side": beside}]


def attack(kind: str, networks: list, method: str, pictures: int, steps: int, batch: int, workers: int) -> str:
    """Perturb random faces and return a digest of the result."""
    faces = random_faces(pictures, SIDES[kind])
    names = [f"person/{row}" for row in range(pictures)]
    options = {**ATTACKS[method].options, "steps": steps}
    targets = faces[::-1] if method == "fawkes_v03" else None
    made = perturb(faces, names, method, options, networks, 1, batch, targets, precision="float32", workers=workers)
    return hashlib.sha256(made.tobytes()).hexdigest()


def _cpu_seconds() -> float:
    """Of this process and of those it started that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def surrogates(kind: str) -> list[nn.Module]:
    """The default's surrogates of LowKey, or two that are published."""
    if kind == "small":
        config = configuration.load(Path(__file__).parents[2])
        records = [config["extractors"][name] for name in config["attacks"]["lowkey"]["surrogates"]]
    else:
        plain = {"mean": [0.5] * 3, "std": [0.5] * 3}
        records = [
            {
                "network": {"name": "mobilefacenet_relu6"},
                "input": {"size": [112, 112], "template": "arcface", **plain},
            },
            {"network": {"name": "dlib_resnet"}, "input": {"size": [150, 150], "template": "dlib", **plain}},
        ]
    return [folded(untrained(record)) for record in records]


if __name__ == "__main__":
    main()
