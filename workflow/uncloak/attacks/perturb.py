"""One attack on a set of faces: batches, seeds, checks and 8-bit pictures around an attack's own loop."""

import dataclasses
import importlib
import time
import typing
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

import numpy as np
import torch

from uncloak.errors import InputError
from uncloak.progress import track
from uncloak.seeds import derive_seed

PRECISIONS = ("float32", "bfloat16")
Surrogate = Callable[[torch.Tensor], torch.Tensor]


def perturb(
    faces: np.ndarray,
    pictures: Sequence[str],
    attack: str,
    options: Mapping[str, object],
    surrogates: Sequence[Surrogate],
    seed: int,
    batch_size: int = 32,
    targets: np.ndarray | None = None,
    device: str | torch.device = "cpu",
    precision: str = "float32",
) -> tuple[np.ndarray, np.ndarray]:
    """Perturb faces with one attack.

    Batches have one size, the last one being filled up with copies, and every picture has a random stream of its own,
    so that a picture's bytes depend neither on the other pictures nor on its place among them. Another batch size,
    device or number of threads changes rounding, which these attacks amplify (attacks.md 3.4 and 4.4).

    Args:
        faces: uint8 [N,S,S,3] RGB.
        pictures: ids of the N faces.
        attack: method, the name of a module of `uncloak.attacks`.
        options: options of the method; see its `Options`.
        surrogates: frozen extractors in eval mode on `device`: float32 [B,3,S,S] RGB in [0,1] -> embeddings [B,D].
        seed: of the experiment.
        batch_size: pictures computed together.
        targets: uint8 [N,S,S,3], the target picture of each face, for targeted methods.
        device: where to compute.
        precision: "float32", or "bfloat16" for the surrogates' forward pass and its gradient alone.

    Returns:
        Perturbed faces uint8 [N,S,S,3], cut to whole grey levels as the original tools do (attacks.md 2.6); and the
        seconds that each took, float64 [N], as its part of the batch's.

    Raises:
        InputError: where method, options or arrays do not fit, or a surrogate gives NaN or a zero vector.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision is '{precision}'; choose from {', '.join(PRECISIONS)}")
    if batch_size < 1:
        raise InputError(f"batch_size is {batch_size}; it must be at least 1")
    if not surrogates:
        raise InputError(f"{attack}: has no surrogate; name at least one extractor")
    _check_faces("faces", faces, len(pictures))
    if targets is not None:
        _check_faces("targets", targets, len(pictures))
        if targets.shape != faces.shape:
            raise InputError(f"targets are {targets.shape[1:3]} pixels, faces {faces.shape[1:3]}; they must agree")
    method = _method(attack)
    settings = read_options(attack, options)
    prepared = [_prepare(surrogate, precision) for surrogate in surrogates]

    perturbed = np.empty_like(faces)
    seconds = np.empty(len(faces))
    starts = range(0, len(faces), batch_size)
    for start in track(starts, len(faces), attack, weight=batch_size):
        begin = time.perf_counter()
        real = slice(start, min(start + batch_size, len(faces)))
        rows = np.minimum(np.arange(start, start + batch_size), len(faces) - 1)
        names = [pictures[row] for row in rows]
        batch = _to_floats(faces[rows], device)
        _check_surrogates(prepared, batch, names)
        result = method.attack(
            batch,
            prepared,
            settings,
            [derive_seed(seed, attack, name) for name in names],
            None if targets is None else _to_floats(targets[rows], device),
        )
        broken = ~result.flatten(1).isfinite().all(dim=1)
        if broken.any():
            name = names[int(broken.int().argmax())]
            raise InputError(f"{attack}: a surrogate's gradient is not finite for '{name}'; check its weights")
        perturbed[real] = _to_bytes(result)[: real.stop - real.start]
        seconds[real] = (time.perf_counter() - begin) / (real.stop - real.start)
    return perturbed, seconds


def read_options(attack: str, record: Mapping[str, object]) -> object:
    """Return the method's `Options` from plain values.

    Raises:
        InputError: where the method or an option is unknown, or a value has the wrong type or lies out of range.
    """
    kind = _method(attack).Options
    fields = {field.name: field.type for field in dataclasses.fields(kind)}
    values = {}
    for name, value in record.items():
        if name not in fields:
            raise InputError(f"{attack}: unknown option '{name}'; it has {', '.join(fields)}")
        allowed = typing.get_args(fields[name]) or (fields[name],)
        if float in allowed and type(value) is int:
            value = float(value)
        if type(value) not in allowed:
            wanted = " or ".join("nothing" if each is type(None) else each.__name__ for each in allowed)
            raise InputError(f"{attack}: option '{name}' is {value!r}; it must be of type {wanted}")
        values[name] = value
    return kind(**values)


def _method(attack: str) -> ModuleType:
    """Import the method's module, and no other attack's."""
    name = f"uncloak.attacks.{attack}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        module = None
    if not (hasattr(module, "attack") and hasattr(module, "Options")):
        raise InputError(f"'{attack}' is no attack; choose a module of uncloak.attacks, such as lowkey")
    return module


def _prepare(surrogate: Surrogate, precision: str) -> Surrogate:
    """Give the surrogate its inputs in the memory format and precision that convolutions run fast in."""

    def embed(faces: torch.Tensor) -> torch.Tensor:
        faces = faces.contiguous(memory_format=torch.channels_last)
        with torch.autocast(faces.device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            return surrogate(faces).float()

    return embed


def _check_surrogates(surrogates: Sequence[Surrogate], batch: torch.Tensor, names: Sequence[str]) -> None:
    with torch.no_grad():
        for number, surrogate in enumerate(surrogates, start=1):
            embeddings = surrogate(batch)
            useless = ~embeddings.isfinite().all(dim=1) | (embeddings == 0).all(dim=1)
            if useless.any():
                name = names[int(useless.int().argmax())]
                raise InputError(f"surrogate {number} gives NaN or a zero vector for '{name}'; check its weights")


def _check_faces(what: str, faces: np.ndarray, count: int) -> None:
    if faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[1] != faces.shape[2] or faces.shape[3] != 3:
        raise InputError(f"{what} must be uint8 [N,S,S,3], got {faces.dtype} {faces.shape}")
    if len(faces) != count:
        raise InputError(f"{what}: {len(faces)} for {count} pictures; the numbers must agree")


def _to_floats(faces: np.ndarray, device: str | torch.device) -> torch.Tensor:
    """uint8 [N,S,S,3] -> float32 [N,3,S,S] in [0,1], in rows."""
    return torch.from_numpy(faces).to(device).permute(0, 3, 1, 2).float().div_(255).contiguous()


def _to_bytes(faces: torch.Tensor) -> np.ndarray:
    """Float [N,3,S,S] in [0,1] -> uint8 [N,S,S,3], by truncation."""
    return faces.mul(255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
