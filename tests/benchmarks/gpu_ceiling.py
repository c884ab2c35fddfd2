"""What arithmetic allows: an attack's operations, counted, at a device's rates of plain operations."""

import argparse
from collections.abc import Callable, Iterator

import surrogates
import torch
import torch.nn.functional as F
from gpu_settings import QUICK, STEPS, SURROGATES, noted
from loops import ATTACKS, Watch
from surrogates import SIDE


def ceiling(arguments: argparse.Namespace, device: torch.device) -> Iterator[dict]:
    """Yield what arithmetic allows: LowKey's operations, counted, at the device's rates of plain operations."""
    row = {"what": "ceiling", "attack": "lowkey"}
    with noted(row):
        names = (QUICK if arguments.quick else SURROGATES)["lowkey"]
        operations = sum(_operations(name, STEPS["lowkey"]) for name in names)
        row["TFLOP/picture"] = operations / 1e12
        for precision in ("bfloat16", "float32"):
            rates = _rates(device, getattr(torch, precision), 2 if arguments.quick else 128)
            row |= {f"{precision} {what} TFLOP/s": rate / 1e12 for what, rate in rates.items()}
            row[f"{precision} pictures/s at most"] = max(rates.values()) / operations
    yield row


def _operations(name: str, steps: int) -> int:
    """Floating-point operations of a surrogate for one picture, counted without computing."""
    from torch.utils.flop_counter import FlopCounterMode

    views = ATTACKS["lowkey"].step
    with torch.device("meta"):
        network = surrogates.network(name).eval().requires_grad_(False)
        clean, joined = torch.empty(2, 3, SIDE, SIDE), torch.empty(views, 3, SIDE, SIDE, requires_grad=True)
    with FlopCounterMode(display=False) as before, torch.no_grad():
        network(clean)
    with FlopCounterMode(display=False) as step:
        network(joined).sum().backward()
    return before.get_total_flops() + steps * step.get_total_flops()


def _rates(device: torch.device, dtype: torch.dtype, batch: int) -> dict[str, float]:
    """Operations per second of a matrix product and of the convolution that most of IR-152 consists of."""
    side = 8192 if device.type == "cuda" else 512
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    maps = torch.randn(2 * batch, 256, 14, 14, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    kernels = torch.randn(256, 256, 3, 3, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    return {
        "product": 2 * side**3 / _seconds(lambda: a @ b, device),
        "convolution": 2 * maps.numel() * 256 * 9 / _seconds(lambda: F.conv2d(maps, kernels, padding=1), device),
    }


def _seconds(function: Callable, device: torch.device) -> float:
    """Seconds of one call, the best of three series after a warm-up."""
    watches = [Watch(device, 0, 10, 0.5) for _ in range(4)]
    for watch in watches:
        for _ in watch(range(10)):
            function()
    return min(watch.step for watch in watches[1:])
