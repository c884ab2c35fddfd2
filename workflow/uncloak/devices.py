"""Where to compute, and in which precision: the one place that decides it.

Torch is imported where it is needed, so that a run can tell its device and precision before any job has started.
"""

import ctypes
import logging
import os
import platform
import re
import sys
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

from uncloak.errors import InputError

logger = logging.getLogger(__name__)

PRECISIONS = ("auto", "float32", "bfloat16")
_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # x86, x86, Arm
# Levels of ONEDNN_MAX_CPU_ISA, as oneDNN documents them, below the first that multiplies in bfloat16.
_COMPUTING = "computing on {} in {}"
_PATTERN = re.compile(_COMPUTING.replace("{}", "(.+)"))
_PLAIN_LEVELS = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}
_CUDA_CAPABILITY = (8, 0)


def choose_device() -> str:
    """Return "cuda" where PyTorch finds such a device, else "cpu"; without a driver, PyTorch need not be asked."""
    if not _has_driver():
        return "cpu"
    import torch

    # What calls itself float32 is float32: cuDNN would convolve in TF32, which keeps ten bits of twenty-three.
    torch.backends.cudnn.allow_tf32 = False
    return "cuda" if torch.cuda.is_available() else "cpu"


def _has_driver() -> bool:
    """Whether this machine may have a device: on Linux, NVIDIA's driver or AMD's is there."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return Path("/dev/kfd").exists()
    return True


def resolve_precision(asked: str, device: str) -> str:
    """Return the precision of forward and backward passes on `device`: "float32" or "bfloat16".

    "auto" is bfloat16 where the device computes in it natively, else float32; the others are taken as they are, though
    bfloat16 that is emulated takes several times as long as float32, of which a line in the log warns.
    Raises InputError for any other text.
    """
    if asked not in PRECISIONS:
        raise InputError(f"precision is '{asked}'; choose from {', '.join(PRECISIONS)}")
    native = native_bfloat16(device)
    if asked == "bfloat16" and not native:
        logger.warning(emulation(device))
    if asked == "auto":
        return "bfloat16" if native else "float32"
    return asked


def emulation(device: str) -> str:
    """Return the line that warns of bfloat16 on a device that emulates it."""
    return f"precision: {device} emulates bfloat16, several times slower than float32; use auto or float32"


def used(device: str, precision: str) -> dict[str, str]:
    """Return what an output's attributes say of how it was computed, and write it to the log."""
    logger.info(_COMPUTING.format(in_words(device), precision))
    return {"device": str(device), "precision": precision}


def told(log: str | os.PathLike) -> tuple[str, str] | None:
    """Return the device, in words, and the precision that a job tells in its log; None where it tells nothing."""
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = _PATTERN.findall(text)
    return found[-1] if found else None


def in_words(device: str) -> str:
    """Return a device with the name of what computes there, such as "cpu (x86_64 with AVX2)"."""
    if not str(device).startswith("cuda"):
        return f"{device} ({processor()})"
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def autocast(device: str, precision: str) -> AbstractContextManager:
    """Return the context in which the passes of a network on `device` run in `precision`, one of `PRECISIONS`."""
    import torch

    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=_resolved(precision, str(device)) == "bfloat16")


@cache
def _resolved(asked: str, device: str) -> str:
    return resolve_precision(asked, device)


def native_bfloat16(device: str) -> bool:
    """Whether `device` multiplies in bfloat16 without emulation.

    CUDA: compute capability 8.0 or more. A processor: avx512_bf16 or amx_bf16 (x86), bf16 (Arm), unless one of the
    environment's ONEDNN_MAX_CPU_ISA and ATEN_CPU_CAPABILITY holds PyTorch to an older level, as which the processor
    counts then.
    """
    if str(device).startswith("cuda"):
        import torch

        return torch.cuda.get_device_capability(device) >= _CUDA_CAPABILITY
    level = os.environ.get("ONEDNN_MAX_CPU_ISA", os.environ.get("DNNL_MAX_CPU_ISA", "")).upper()
    if level in _PLAIN_LEVELS or os.environ.get("ATEN_CPU_CAPABILITY", "").lower() in ("default", "avx2"):
        return False
    return bool(_CPU_FLAGS & processor_flags())


@cache
def processor_flags() -> frozenset[str]:
    """Return the instruction sets of this machine's processor, as Linux names them; elsewhere PyTorch is asked."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        import torch

        return frozenset(name for name, there in torch.cpu.get_capabilities().items() if there is True)
    named = (line.partition(":") for line in lines)
    return frozenset(
        flag for key, _, flags in named if key.strip().lower() in ("flags", "features") for flag in flags.split()
    )


def processor() -> str:
    """Return the processor's kind in words, such as "x86_64 with AVX2": what measured times depend on."""
    held = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("ATEN_CPU_CAPABILITY")
    if held:
        return f"{platform.machine()} held to {held.upper()}"
    flags = processor_flags()
    best = next((name for flag, name in _LEVELS if flag in flags), "")
    return f"{platform.machine()}{f' with {best}' if best else ''}"


_LEVELS = (
    ("amx_bf16", "AMX"),
    ("avx512_bf16", "AVX-512 and bfloat16"),
    ("avx512f", "AVX-512"),
    ("avx2", "AVX2"),
    ("bf16", "bfloat16"),
    ("asimd", "NEON"),
)
