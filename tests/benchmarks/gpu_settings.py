"""What the parts of `gpu_attack.py` share: networks and steps of the published attacks, and what becomes a note."""

import contextlib
import traceback
from collections.abc import Iterator, Sequence

import torch
from surrogates import published
from torch import nn

SURROGATES = {"lowkey": ("ir152", "ir152", "resnet152", "resnet152"), "fawkes_v10": ("ir50",)}
QUICK = {"lowkey": ("ir10", "resnet14"), "fawkes_v10": ("ir10",)}
STEPS = {"lowkey": 50, "fawkes_v10": 150}


@contextlib.contextmanager
def noted(row: dict) -> Iterator[None]:
    """Turn what goes wrong (a library that is missing, too little memory) into a note of the row."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, ImportError):
            traceback.print_exc()
        row["note"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        if isinstance(error, torch.OutOfMemoryError):
            torch.cuda.empty_cache()


def extractors_of(names: Sequence[str], device: torch.device) -> list[nn.Module]:
    """Extractors with weights of their own each, also where a name stands twice."""
    return [published(name, seed).to(device) for seed, name in enumerate(names)]
