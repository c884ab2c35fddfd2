"""Measure attacks, embedding and protection with networks of published size at 112 pixels on a GPU, in one short run.

    python tests/benchmarks/gpu_attack.py

needs a checkout, Python and PyTorch with what it brings along; parts whose libraries are missing (torchvision for
ResNet-152, open_clip or timm for ViT-B/32, h5py for files) say so and are left out. Each part runs in a process of its
own and is ended at its limit, so that what was measured before is not lost; all of it ends after `--limit` seconds.
Where the environment has OUT, a folder, or `--json` names a file, the results are written as JSON after every part.
`--device cpu --quick` tries everything in a minute or two, with shallower networks and few steps.

Networks have random weights: LowKey has IR-152 and ResNet-152 twice each, Fawkes v1.0 has IR-50. A few steps of each
cell are timed; pictures per second are extrapolated from them to the published 50 (LowKey) and 150 (Fawkes v1.0 high)
steps, the work before the first step included. "bare" are the forward passes of the surrogates, as the attack has them,
and those back to the picture, of as many steps and nothing else, branches apart or joined, whichever is the faster; the
goal for LowKey is at most 1.25 times their time, and 15 pictures per second on an H100 or H200. "as published" is a
loop as the original tools work, in float32: a picture at a time (LowKey also by eight, as in FaceCure), nothing folded
and nothing kept that they do not keep.
"""

import argparse
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))
import torch
from gpu_attacks import attacks, original
from gpu_effects import embedding, protection
from gpu_results import brief, show, write
from gpu_settings import noted

# Part -> seconds after which it is ended, in the order of the run: what matters most comes first.
PARTS = {"plain": 150, "compiled": 130, "original": 45, "protection": 75, "embedding": 45, "ready": 60, "whole": 150}


def main():
    arguments = _arguments()
    if arguments.part:
        _part(arguments)
        return
    begin, results = time.monotonic(), {"command": sys.argv[1:], "rows": []}
    for name in arguments.parts:
        left = arguments.limit - (time.monotonic() - begin)
        limit = min(left, PARTS[name] * (5 if arguments.device == "cpu" else 1))
        if limit < 5:
            results["rows"].append({"part": name, "note": "no time was left"})
        else:
            print(f"{name}: at most {limit:.0f} s", flush=True)
            results["rows"] += _run(name, limit)
        results["seconds"] = round(time.monotonic() - begin, 1)
        write(results, arguments.json)
    show(results["rows"])
    print(f"\n{results['seconds']} s in all")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="shallower networks, two pictures, one step")
    parser.add_argument("--batches", type=int, nargs="+", help="default: 8 32 128")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--limit", type=float, default=450, help="seconds for all of it (default: 450)")
    out = os.environ.get("OUT")
    parser.add_argument("--json", type=Path, default=Path(out, "gpu_attack.json") if out else None)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.batches = arguments.batches or ([2] if arguments.quick else [8, 32, 128])
    return arguments


def _run(name: str, limit: float) -> list[dict]:
    """Run a part in a process that is ended at its limit, and return the rows that it gave until then."""
    command = [sys.executable, __file__, *sys.argv[1:], "--part", name]
    # A session of its own, so that the compiler's workers end with it.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    rows = []

    def read() -> None:
        for line in process.stdout:
            # Libraries write there, too.
            if line.startswith('{"part"'):
                rows.append(json.loads(line))
                print("   ", brief(rows[-1]), flush=True)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if process.wait(limit):
            rows.append({"part": name, "note": f"ended with exit status {process.returncode}"})
    except subprocess.TimeoutExpired:
        rows.append({"part": name, "note": f"ended at its limit of {limit:.0f} s"})
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    reader.join(5)
    return rows


def _part(arguments: argparse.Namespace) -> None:
    """Measure one part; every row goes to standard output as soon as it is known."""
    device = torch.device(arguments.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    measure = {"original": original, "protection": protection, "embedding": embedding}.get(arguments.part, attacks)
    begin = time.monotonic()
    rows = itertools.chain([_machine(device)] if arguments.part == arguments.parts[0] else [], measure(arguments))
    while True:
        row = {}
        with noted(row):
            row = next(rows, None)
            if row is None:
                break
        print(json.dumps({"part": arguments.part, **row, "at": round(time.monotonic() - begin, 1)}), flush=True)


def _machine(device: torch.device) -> dict:
    row = {"what": "machine", "torch": torch.__version__, "device": "one thread of a processor"}
    if device.type == "cuda":
        row |= {
            "device": torch.cuda.get_device_name(device),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            # PyTorch's defaults, which the workflow leaves: float32 convolutions in TF32, matrix products not.
            "TF32 convolutions": torch.backends.cudnn.allow_tf32,
            "TF32 products": torch.backends.cuda.matmul.allow_tf32,
        }
    return row


if __name__ == "__main__":
    main()
