"""Embedding faces from an HDF5 file: its rate over that of the bare forward passes, and memory by number of faces.

The bare passes are the network's alone, at the same batch size, of a batch that lies ready in the network's own size
and memory format. Both take turns in one run and count CPU seconds, on a GPU seconds; the median of the turns counts.
Memory is the peak of a process of its own that embeds all faces of a file with a small network of random weights.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import h5py
import numpy as np
import torch

from uncloak.allocation import keep_freed_memory
from uncloak.devices import choose_device
from uncloak.extractors.embedding import BATCH, embed
from uncloak.extractors.extractor import build
from uncloak.pictures.tensors import as_floats
from uncloak.store import open_arrays

HALF = {"mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"}
ARCFACE = {"size": [112, 112], "template": "arcface", **HALF}
NETS = {
    "MobileFaceNet": {
        "network": {"name": "mobilefacenet"},
        "input": {"size": [112, 96], "template": "arcface_112x96", **HALF},
    },
    "MobileFaceNet, resampled": {"network": {"name": "mobilefacenet_relu6"}, "input": ARCFACE, "side": 160},
    "IR-50": {"network": {"name": "evolve_ir", "depth": 50}, "input": ARCFACE},
}
TINY = {
    "network": {"name": "iresnet", "widths": [4, 4, 4], "dimension": 128},
    "input": {"size": [64, 64], "template": "arcface", **HALF},
}
MEMORY = """
import json, sys
import numpy as np
import torch
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import build
from uncloak.allocation import keep_freed_memory
from uncloak.store import open_arrays
torch.set_num_threads(1)
keep_freed_memory()
extractor = build(json.loads(sys.argv[2])).freeze()
peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
with open_arrays(sys.argv[1]) as file:
    embed(extractor, file["faces"][:256])
    before = peak()
    embeddings = embed(extractor, file["faces"])
print(json.dumps([before, peak(), embeddings.nbytes / 2**20]))
"""


def write_faces(path: Path, count: int, side: int) -> None:
    """Write a file of random faces, as the workflow stores them, without holding them."""
    random = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        faces = file.create_dataset("faces", (count, side, side, 3), np.uint8, chunks=(16, side, side, 3))
        for start in range(0, count, 1024):
            shape = faces[start : start + 1024].shape
            faces[start : start + 1024] = random.integers(0, 256, shape, dtype=np.uint8)


def seconds(work: Callable[[], object], device: str) -> float:
    """Time one call: CPU seconds, or seconds of a GPU until it has done."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    start = clock()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - start


def rates(record: dict, path: Path, count: int, turns: int, device: str) -> tuple[float, float, float]:
    """Return faces per second of bare passes and of `embed`, and the median ratio of these, turn by turn."""
    extractor = build(record).freeze().to(device, memory_format=torch.channels_last)
    with open_arrays(path) as file, torch.inference_mode():
        ready = extractor.preprocessing(as_floats(file["faces"][:BATCH], device))
        ready = ready.contiguous(memory_format=torch.channels_last)

        def bare() -> None:
            for _ in range(count // BATCH):
                extractor.network(ready)

        def whole() -> None:
            embed(extractor, file["faces"], device)

        bare()
        taken = [(seconds(bare, device), seconds(whole, device)) for _ in range(turns)]
    alone, embedded = (count / median(turn) for turn in zip(*taken, strict=True))
    return alone, embedded, median(alone / embedded for alone, embedded in taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer faces and turns; memory at 2 k and 20 k faces")
    parser.add_argument("--nets", nargs="*", choices=NETS, default=list(NETS), help="these alone")
    arguments = parser.parse_args()
    device = choose_device()
    torch.set_num_threads(1)
    keep_freed_memory()  # as every job does
    print(f"{device}, batches of {BATCH}, one thread")
    print(f"{'network':26} bare/s  embed/s  ratio")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "faces.h5")
        for name in arguments.nets:
            record = NETS[name]
            count, turns = BATCH * (1 if arguments.quick else 4), 3 if arguments.quick else 7
            write_faces(path, count, record.get("side", 112))
            bare, embedded, ratio = rates(record, path, count, turns, device)
            print(f"{name:26} {bare:6.4g}  {embedded:7.4g}  {ratio:5.3f}", flush=True)
        print("\nfaces    embeddings  peak before  peak of embedding, MiB")
        for count in (2000, 20000) if arguments.quick else (10_000, 100_000):
            write_faces(path, count, 64)
            command = [sys.executable, "-c", MEMORY, path, json.dumps(TINY)]
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            before, after, own = json.loads(found.stdout)
            print(f"{count:<7}  {own:10.1f}  {before:11.1f}  {after:8.1f}, {after - own:.1f} beside the embeddings")
