"""Attacks in each mode beside their bare passes, and as their originals work."""

import argparse
import contextlib
import inspect
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from gpu_ceiling import ceiling
from gpu_settings import QUICK, STEPS, SURROGATES, extractors_of, noted
from loops import ATTACKS, Savings, Watch, channels_last, loop, passes, random_faces
from surrogates import SIDE
from torch import nn

from uncloak.attacks.batch import Runner
from uncloak.attacks.perturb import find_method, read_options

MODES = {
    "plain": ("bfloat16", "float32"),
    "ready": ("bfloat16, weights ready",),
    "compiled": ("bfloat16, units compiled",),
    "whole": ("bfloat16, compiled",),
}
AS_PUBLISHED = Savings(joined=False, channels_last=False, unsynchronized=False, batch=1)


def attacks(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield a row for each attack, mode and batch: ours beside the bare passes."""
    device = torch.device(arguments.device)
    if arguments.part == "plain":
        yield from ceiling(arguments, device)
    chosen = list((QUICK if arguments.quick else SURROGATES).items())
    # Whole networks take minutes to be compiled for one shape; one batch has to do, and the smaller attack comes first.
    whole = arguments.part == "whole"
    sizes = (arguments.batches[-2:-1] or arguments.batches) if whole else arguments.batches
    for attack, names in reversed(chosen) if whole else chosen:
        row = {"what": "attack", "attack": attack}
        extractors = None
        with noted(row):
            extractors = extractors_of(names, device)
        if extractors is None:
            yield row
            continue
        for mode in MODES[arguments.part]:
            run = None
            with noted(row := {"what": "attack", "attack": attack, "mode": mode}):
                run = _runner(attack, extractors, mode, device, arguments.quick)
            if run is None:
                yield row
                continue
            for batch in sizes:
                row = {"what": "attack", "attack": attack, "mode": mode, "batch": batch}
                with noted(row):
                    # Other shapes would have to be compiled, too.
                    join = arguments.part in ("plain", "ready")
                    row |= _cell(run, attack, batch, device, join, arguments.quick)
                yield row
            del run


def _cell(run: Runner, attack: str, batch: int, device: torch.device, join: bool, quick: bool) -> dict:
    """Seconds of a step of the attack and of the bare passes, in turn, and what follows from them."""
    faces, pictures = random_faces(batch, SIDE), [f"person/{row}" for row in range(batch)]
    distinct, views, cuda = list(dict.fromkeys(run._surrogates)), ATTACKS[attack].step, device.type == "cuda"
    clean = torch.from_numpy(faces).to(device).permute(0, 3, 1, 2).float() / 255

    def several(copies: int) -> torch.Tensor:
        return channels_last(clean.repeat(copies, 1, 1, 1)).requires_grad_()

    # As LowKey has them: on a GPU a picture goes with its mirror picture, blurred and plain one after the other.
    together = 2 if cuda and views > 1 else 1
    arrangements = {"bare": [several(together) for _ in range(views // together)]}
    if join and views > 1:
        arrangements["bare joined"] = [several(views)]
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    begin = time.perf_counter()
    run(faces, pictures, None, Watch(device, 0, 1))
    first = time.perf_counter() - begin
    memory = torch.cuda.max_memory_allocated(device) / 2**30 if cuda else None

    def ours() -> tuple[float, float]:
        begin = time.perf_counter()
        run(faces, pictures, None, watch := _watch(device, quick))
        return watch.step, time.perf_counter() - begin - watch.inside

    def bare(views: Sequence[torch.Tensor]) -> float:
        watch = _watch(device, quick)
        for _ in watch(range(STEPS[attack])):
            passes(distinct, views)
        return watch.step

    turns = [(ours(), [bare(each) for each in arrangements.values()]) for _ in range(1 if quick else 2)]
    step, before = np.median([mine for mine, _ in turns], axis=0).tolist()
    floors = np.median([theirs for _, theirs in turns], axis=0).tolist()
    whole = before + STEPS[attack] * step
    return {
        "pictures/s": batch / whole,
        "ms/step": 1000 * step,
        **{f"{name} ms/step": 1000 * floor for name, floor in zip(arrangements, floors, strict=True)},
        "over bare": whole / (STEPS[attack] * min(floors)),
        "before s": before,
        "first s": first,
        **({"GiB": memory} if cuda else {}),
    }


def _watch(device: torch.device, quick: bool) -> Watch:
    return Watch(device, 0, 1) if quick else Watch(device, 1, 6, 1.0)


def _runner(attack: str, extractors: list[nn.Module], mode: str, device: torch.device, quick: bool) -> Runner:
    precision, _, how = mode.partition(", ")
    options = read_options(attack, {**ATTACKS[attack].options, "steps": STEPS[attack]})
    with _compiler(quick):
        run = Runner(attack, find_method(attack), options, extractors, 1, device, precision, how == "compiled")
        for surrogate in dict.fromkeys(run._surrogates):
            if how == "weights ready":
                _ready(surrogate._embed)
            elif how == "units compiled":
                _compile_units(surrogate._embed)
    return run


def _ready(network: nn.Module) -> None:
    """Keep weights as autocast and cuDNN want them; otherwise they are converted in every pass."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(dtype=torch.bfloat16, memory_format=torch.channels_last)
        elif isinstance(module, nn.Linear):
            module.to(dtype=torch.bfloat16)


def _compile_units(network: nn.Module) -> None:
    """Compile residual units where there is a gradient; those of one shape share their code, so it takes seconds."""
    for name in ("recompile_limit", "cache_size_limit", "accumulated_recompile_limit", "accumulated_cache_size_limit"):
        if hasattr(torch._dynamo.config, name):
            setattr(torch._dynamo.config, name, 512)

    def compiled(plain: Callable) -> Callable:
        quick = torch.compile(plain, dynamic=False)
        return lambda features: (quick if torch.is_grad_enabled() else plain)(features)

    for module in network.modules():
        if type(module).__name__ in ("Unit", "Bottleneck"):
            module.forward = compiled(module.forward)


@contextlib.contextmanager
def _compiler(quick: bool) -> Iterator[None]:
    """Let `torch.compile` pass over an argument that older releases do not know, and trace alone to try things."""
    original = torch.compile
    older = "isolate_recompiles" not in inspect.signature(original).parameters

    def compile(*arguments, isolate_recompiles: bool = False, **options):
        if isolate_recompiles and not older:
            options["isolate_recompiles"] = True
        return original(*arguments, **options, **({"backend": "aot_eager"} if quick else {}))

    torch.compile = compile
    try:
        yield
    finally:
        torch.compile = original


def original(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield a row for each attack as its original works."""
    device = torch.device(arguments.device)
    for attack, names in (QUICK if arguments.quick else SURROGATES).items():
        extractors = None
        with noted(row := {"what": "as published", "attack": attack}):
            extractors = extractors_of(names, device)
        if extractors is None:
            yield row
            continue
        for batch in (1, 8) if attack == "lowkey" and not arguments.quick else (1,):
            row = {"what": "as published", "attack": attack, "mode": "float32", "batch": batch}
            with noted(row):
                # Fawkes embeds the clean picture in every step; LowKey keeps its embedding (attacks.md 4.3).
                savings = Savings(**{**vars(AS_PUBLISHED), "cached": attack == "lowkey", "batch": batch})
                watch = Watch(device, 0, 1) if arguments.quick else Watch(device, 2, 10, 4.0)
                loop(random_faces(batch, SIDE), extractors, ATTACKS[attack], STEPS[attack], savings, watch)
                row |= {"pictures/s": batch / (STEPS[attack] * watch.step), "ms/step": 1000 * watch.step}
            yield row
