"""One attack on a set of faces: its options, batches of one size, and 8-bit pictures."""

import dataclasses
import importlib
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch

from uncloak.attacks.batch import Runner, batches, default_batch, one_thread, whole_users
from uncloak.attacks.merging import merge_back
from uncloak.attacks.preparation import prepare, untouched
from uncloak.errors import InputError
from uncloak.parallel import Track, share_out
from uncloak.pictures.names import identities_of, rows_by
from uncloak.progress import Progress
from uncloak.records.attacks import Method


class Perturbed(NamedTuple):
    """Faces uint8 [N,S,S,3] as they are posted, and as they would be posted clean."""

    faces: np.ndarray
    clean: np.ndarray


def perturb_record(
    record: Method,
    faces: np.ndarray,
    pictures: Sequence[str],
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    seed: int,
    *,
    targets: np.ndarray | None = None,
    alexnet: str | os.PathLike | None = None,
    device: str = "cpu",
    workers: int = 1,
) -> Perturbed:
    """Perturb faces as a record of `attacks` says.

    Args:
        record: the attack.
        faces: uint8 [N,S,S,3] RGB; they, and targets, are prepared first where the record says how, and where it says
            so, the cloak is merged back into them.
        pictures: ids of the N faces.
        surrogates: the record's extractors, as for `perturb`.
        seed: of the experiment.
        targets: uint8 [N,S,S,3], the target face of each picture, for an attack that is to be targeted.
        alexnet: file of AlexNet's weights, for LPIPS or ST-LPIPS as LowKey's perceptual term.
        device, workers: as for `perturb`.

    Raises InputError as `perturb` does.
    """
    prepared = prepare(faces, record.preparation)
    perturbed = perturb(
        prepared,
        pictures,
        record.method,
        options_of(record, alexnet),
        surrogates,
        seed,
        batch_size=record.batch,
        targets=None if targets is None else prepare(targets, record.preparation),
        device=device,
        precision=record.precision or "auto",
        compile=record.compile,
        workers=workers,
    )
    posted = merge_back(faces, prepared, perturbed, record.preparation)
    return Perturbed(posted, untouched(faces, record.preparation))


def perturb(
    faces: np.ndarray,
    pictures: Sequence[str],
    attack: str,
    options: Mapping[str, object],
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    seed: int,
    batch_size: int | None = None,
    targets: np.ndarray | None = None,
    device: str | torch.device = "cpu",
    precision: str = "auto",
    compile: bool = False,
    workers: int = 1,
) -> np.ndarray:
    """Perturb faces with one attack.

    Batches have one size, the last one being filled up with copies, and every picture has a random stream of its own,
    so that a picture's bytes depend neither on the other pictures nor on its place among them. A method that takes
    whole users is given all pictures of one identity at once instead, in the order of their ids; their bytes depend on
    one another, and on nobody else's. On the CPU every process computes with one thread, whatever the caller has set:
    cores share the batches out among them. Another batch size or device changes rounding, which these attacks amplify
    (attacks.md 3.4 and 4.4).

    Args:
        faces: uint8 [N,S,S,3] RGB.
        pictures: ids of the N faces.
        attack: method, the name of a module of `uncloak.attacks.methods`.
        options: options of the method; see its `Options`.
        surrogates: frozen extractors in eval mode on `device`: float32 [B,3,S,S] RGB in [0,1] -> embeddings [B,D]. One
            that is listed twice counts twice.
        seed: of the experiment.
        batch_size: pictures computed together; `batch.default_batch` unless given. Memory grows with it, not with N. Of
            no use to a method that takes whole users.
        targets: uint8 [N,S,S,3], the target face of each picture, for an attack that is to be targeted.
        device: where to compute.
        precision: of the surrogates' forward pass and its gradient alone; one of `uncloak.devices.PRECISIONS`.
        compile: whether the surrogates are compiled first, which takes minutes and pays on a GPU.
        workers: processes that compute, which share the weights; on a GPU, or compiled, this one does alone.

    Returns:
        Perturbed faces uint8 [N,S,S,3], cut to whole grey levels as the original tools do (attacks.md 2.6).

    Raises:
        InputError: where method, options or arrays do not fit, a surrogate gives NaN or a zero vector, or a worker is
            killed.
    """
    _check_faces("faces", faces, len(pictures))
    if targets is not None:
        _check_faces("targets", targets, len(pictures))
        if targets.shape != faces.shape:
            raise InputError(f"targets are {targets.shape[1:3]} pixels, faces {faces.shape[1:3]}; they must agree")
    method = find_method(attack)
    run = Runner(attack, method, read_options(attack, options), surrogates, seed, device, precision, compile)
    if whole_users(method):
        parts = [(rows, len(rows)) for rows in rows_by(identities_of(pictures), pictures)]
    else:
        size = default_batch(faces.shape[1], device) if batch_size is None else batch_size
        parts = [(rows, real.stop - real.start) for rows, real in batches(len(faces), size)]

    def cloak(part: tuple[np.ndarray, int], track: Track) -> np.ndarray:
        rows, count = part
        aims = None if targets is None else targets[rows]
        result = run(faces[rows], [pictures[row] for row in rows], aims, track)
        return result[:count].astype(np.uint8)

    perturbed = np.empty_like(faces)
    units = [count for _, count in parts]
    with one_thread(), Progress(len(faces), attack) as progress:
        results = share_out(cloak, parts, run.workers(workers), units, progress.reach)
        for (rows, count), result in zip(parts, results, strict=True):
            perturbed[rows[:count]] = result
    return perturbed


def read_options(attack: str, record: Mapping[str, object]) -> object:
    """Return the method's `Options` from plain values.

    Raises:
        InputError: where the method or an option is unknown, or a value has the wrong type or lies out of range.
    """
    kind = find_method(attack).Options
    fields = typing.get_type_hints(kind)
    values = {}
    for name, value in record.items():
        if name not in fields:
            raise InputError(f"{attack}: unknown option '{name}'; it has {', '.join(fields)}")
        union = typing.get_origin(fields[name]) in (types.UnionType, typing.Union)
        allowed = typing.get_args(fields[name]) if union else (fields[name],)
        if float in allowed and type(value) is int:
            value = float(value)
        # What is in a tuple, or one of some words, the record has checked.
        if type(value) not in allowed and not any(map(typing.get_origin, allowed)):
            wanted = " or ".join("nothing" if each is type(None) else each.__name__ for each in allowed)
            raise InputError(f"{attack}: option '{name}' is {value!r}; it must be of type {wanted}")
        values[name] = value
    return kind(**values)


def options_of(record: Method, alexnet: str | os.PathLike | None = None) -> dict[str, object]:
    """Return all options of a record's method, for `perturb`; `alexnet` is the file that a job has for it."""
    return dict(record.options) | ({"alexnet": str(alexnet)} if alexnet else {})


def settings_of(record: Method, alexnet: str | os.PathLike | None = None) -> dict[str, str | int | float | bool | None]:
    """Return every option of a record that was in force (`settings`)."""
    return settings(record.method, options_of(record, alexnet))


def settings(attack: str, options: Mapping[str, object]) -> dict[str, str | int | float | bool | None]:
    """Return every option that was in force, defaults and a mode's numbers included, but no path of a file.

    Raises:
        InputError: as `read_options` does.
    """
    read = read_options(attack, options)
    values = dataclasses.asdict(read)
    if hasattr(read, "resolved"):
        values |= read.resolved()._asdict()
    values.pop("alexnet", None)
    return values


def find_method(attack: str) -> ModuleType:
    """Import the module of the method called `attack`, and no other.

    Raises:
        InputError: for an unknown name.
    """
    name = f"uncloak.attacks.methods.{attack}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        module = None
    if not (hasattr(module, "attack") and hasattr(module, "Options")):
        raise InputError(f"'{attack}' is no attack; choose a module of uncloak.attacks.methods, such as lowkey")
    return module


def _check_faces(what: str, faces: np.ndarray, count: int) -> None:
    if faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[1] != faces.shape[2] or faces.shape[3] != 3:
        raise InputError(f"{what} must be uint8 [N,S,S,3], got {faces.dtype} {faces.shape}")
    if len(faces) != count:
        raise InputError(f"{what}: {len(faces)} for {count} pictures; the numbers must agree")
