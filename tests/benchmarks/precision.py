"""Print what bfloat16 costs or brings on this machine: iterations of training and steps of attacks, over float32.

Run it in the checkout: `uv run python tests/benchmarks/precision.py`, minutes; `--device cuda` where there is one. The
networks are those of the default with random weights, at 64 pixels. On a CPU one thread computes, as in a job, and CPU
seconds are counted, which other programs disturb least. Both precisions are measured in turn, and medians are printed.
Below 1 bfloat16 is the faster: `precision: auto` should then choose it, and float32 above.

    ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 uv run python tests/benchmarks/precision.py

shows a processor as one without AVX-512.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from loops import ATTACKS, Watch, random_faces
from surrogates import untrained

from uncloak import configuration, devices
from uncloak.allocation import keep_freed_memory
from uncloak.attacks.batch import Runner
from uncloak.attacks.perturb import find_method, read_options
from uncloak.extractors.extractor import build
from uncloak.extractors.training import Schedule, train

PRECISIONS = ("float32", "bfloat16")
NETWORKS = ("facenet", "arcface", "vggface", "magface", "clip_pretrained")
SIDE, BATCH, IDENTITIES = 64, 28, 64


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=4, help="iterations that one measurement lasts (default: 4)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each (default: 3)")
    parser.add_argument("--only", nargs="+", choices=(*NETWORKS, *ATTACKS), default=(*NETWORKS, *ATTACKS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as jobs do
    logging.getLogger("uncloak").setLevel(logging.ERROR)
    device, config = torch.device(arguments.device), configuration.load(".")

    print(_machine(arguments.device))
    rows = []
    for name in arguments.only:
        measure, what = (_training, "training") if name in NETWORKS else (_attack, "attack")
        seconds = {precision: [] for precision in PRECISIONS}
        for turn in range(arguments.repeats + 1):
            for precision in PRECISIONS:
                taken = measure(name, config, precision, device, arguments.steps)
                if turn:  # the first is for warming up
                    seconds[precision].append(taken)
        single, half = (statistics.median(seconds[precision]) for precision in PRECISIONS)
        rows.append(
            {
                "one step of": f"{what} {name}",
                "float32 ms": 1000 * single,
                "bfloat16 ms": 1000 * half,
                "bfloat16 / float32": statistics.median(
                    b / a for a, b in zip(*(seconds[precision] for precision in PRECISIONS), strict=True)
                ),
            }
        )
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format="%.2f"))
    ratio = table["bfloat16 / float32"].median()
    quicker, chosen = "bfloat16" if ratio < 1 else "float32", devices.resolve_precision("auto", arguments.device)
    print(f"median ratio {ratio:.2f}: {quicker} is the faster, and `precision: auto` chooses {chosen}")


def _machine(device: str) -> str:
    if device.startswith("cuda"):
        capability = ".".join(map(str, torch.cuda.get_device_capability(device)))
        return f"{torch.cuda.get_device_name(device)}, compute capability {capability}, torch {torch.__version__}"
    telling = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve")
    found = [flag for flag in telling if flag in devices.processor_flags()]
    return (
        f"{devices.processor()} ({', '.join(found)}), one thread; PyTorch's level is"
        f" {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}"
    )


def _training(name: str, config: dict, precision: str, device: torch.device, steps: int) -> float:
    """Seconds of one iteration of the training of an extractor, on random faces."""
    record = config["extractors"][name]
    faces = random_faces(4 * IDENTITIES, SIDE)
    identities = np.repeat([f"person_{i}" for i in range(IDENTITIES)], 4)
    captions = np.array([f"person {i}, a drawing" for i in range(len(faces))])

    def run(iterations: int) -> float:
        torch.manual_seed(0)
        extractor, schedule = build(record), Schedule(iterations, precision=precision)
        options = (extractor, faces, identities, captions, record["train"]["loss"], schedule, 1, name, str(device))
        return _seconds(lambda: train(*options), device)

    # What is done once falls out of the difference.
    return max(run(1 + steps) - run(1), 0.0) / steps


def _attack(name: str, config: dict, precision: str, device: torch.device, steps: int) -> float:
    """Seconds of one step of an attack on a batch of random faces."""
    record = config["attacks"].get(name, config["attacks"]["fawkes_v10"])
    surrogates = [untrained(config["extractors"][each]).to(device) for each in record["surrogates"]]
    options = read_options(name, dict(ATTACKS[name].options))
    run = Runner(name, find_method(name), options, surrogates, 1, device, precision, False)
    faces = random_faces(BATCH, SIDE)
    watch = Watch(device, 1, steps, clock=time.process_time if device.type == "cpu" else time.perf_counter)
    run(faces, [f"person/{row}" for row in range(BATCH)], faces[::-1].copy() if name == "fawkes_v03" else None, watch)
    return watch.step


def _seconds(function: Callable, device: torch.device) -> float:
    """CPU seconds of a call, or those of the clock where a GPU computes."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    start = clock()
    function()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - start


if __name__ == "__main__":
    main()
