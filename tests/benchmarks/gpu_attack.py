"""Time LowKey with IR-152 and ResNet-152 (random weights, 112 pixels) on a device, beside what its arithmetic allows.

Run it in the checkout on a machine with a GPU: `uv run python tests/benchmarks/gpu_attack.py --device cuda --compile`.
It prints pictures per second; the floating-point operations of a picture, counted, and the largest rate of a plain
matrix product and a plain convolution in the same precision; and from these the most pictures per second there can be.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from attack_speed import untrained
from torch.utils.flop_counter import FlopCounterMode

from uncloak.attacks.batch import PRECISIONS
from uncloak.attacks.perturb import perturb
from uncloak.extractors.extractor import network_module

NETWORKS = ("evolve_ir", "evolve_resnet")
SIDE = 112
INPUT = {"size": [SIDE, SIDE], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}
VIEWS = 4  # blurred and plain, each with its mirror picture


def main():
    arguments = _arguments()
    device = torch.device(arguments.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    if arguments.tf32:
        torch.set_float32_matmul_precision("high")
    extractors = [
        untrained({"network": {"name": name, "depth": arguments.depth}, "input": INPUT}).to(
            device, memory_format=torch.channels_last
        )
        for name in NETWORKS
    ]
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "one thread"
    print(
        f"{device} ({name}), {arguments.precision}{', TF32' if arguments.tf32 else ''}"
        f"{', compiled' if arguments.compile else ''}: LowKey with DSSIM, IR-{arguments.depth} and"
        f" ResNet-{arguments.depth}, {arguments.steps} steps, batch {arguments.batch}"
    )

    batches = arguments.pictures // arguments.batch
    faces = np.random.default_rng(0).integers(0, 256, (batches * arguments.batch, SIDE, SIDE, 3), dtype=np.uint8)
    pictures = [f"person/{row}" for row in range(len(faces))]
    options = {"perceptual": "dssim", "perceptual_weight": 0.2, "steps": arguments.steps}
    _, seconds = perturb(
        faces,
        pictures,
        "lowkey",
        options,
        extractors,
        1,
        arguments.batch,
        None,
        device,
        arguments.precision,
        arguments.compile,
    )
    by_batch = seconds.reshape(batches, arguments.batch).sum(axis=1)
    # The first batch carries what is done once: compiling, choosing kernels, memory.
    rate = arguments.batch / np.median(by_batch[1:] if batches > 1 else by_batch)
    print(f"first batch                         {by_batch[0]:10.1f} s")
    print(f"pictures per second                 {rate:10.2f}" + ("" if batches > 1 else "   (first batch counted)"))

    operations = sum(_operations(name, arguments.depth, arguments.steps) for name in NETWORKS)
    peaks = _peaks(device, arguments.precision, arguments.batch)
    print(f"operations of a picture             {operations / 1e12:10.2f} TFLOP")
    for what, peak in peaks.items():
        print(f"{what:<36}{peak / 1e12:10.2f} TFLOP/s")
    most = max(peaks.values()) / operations
    print(f"most pictures per second at that    {most:10.2f}")
    print(f"reached                             {rate / most:10.0%}")
    if device.type == "cuda":
        print(f"largest memory                      {torch.cuda.max_memory_allocated(device) / 2**30:10.1f} GiB")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--compile", action="store_true", help="compile the surrogates, which takes minutes")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--tf32", action="store_true", help="matrix products in TF32; PyTorch convolves in it anyway")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--pictures", type=int, help="whole batches of them; three batches where not given")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--depth", type=int, choices=(50, 101, 152), default=152, help="of both networks")
    arguments = parser.parse_args()
    arguments.pictures = max(arguments.batch, arguments.pictures or 3 * arguments.batch)
    return arguments


def _operations(name: str, depth: int, steps: int) -> int:
    """Floating-point operations of a surrogate for one picture, counted without computing."""
    with torch.device("meta"):
        network = network_module(name).build(depth).eval().requires_grad_(False)
        clean, joined = torch.empty(2, 3, SIDE, SIDE), torch.empty(VIEWS, 3, SIDE, SIDE, requires_grad=True)
    with FlopCounterMode(display=False) as before, torch.no_grad():
        network(clean)
    with FlopCounterMode(display=False) as step:
        network(joined).sum().backward()
    return before.get_total_flops() + steps * step.get_total_flops()


def _peaks(device: torch.device, precision: str, batch: int) -> dict[str, float]:
    """The rates, in operations per second, of plain operations as large as the device likes them."""
    dtype = getattr(torch, precision)
    side = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    # The shape of three in four convolutions of IR-152.
    maps = torch.randn(VIEWS * batch, 256, 14, 14, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    kernels = torch.randn(256, 256, 3, 3, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    convolution = 2 * maps.numel() * 256 * 9
    return {
        "matrix product": 2 * side**3 / _seconds(lambda: a @ b, device),
        "3x3 convolution": convolution / _seconds(lambda: F.conv2d(maps, kernels, padding=1), device),
    }


def _seconds(function: Callable, device: torch.device, repeats: int = 20) -> float:
    """Seconds of one call, the best of five series after a warm-up."""

    def series() -> float:
        _wait(device)
        start = time.perf_counter()
        for _ in range(repeats):
            function()
        _wait(device)
        return (time.perf_counter() - start) / repeats

    return min(series() for _ in range(6))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
