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
import inspect
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))
import numpy as np
import surrogates
import torch
import torch.nn.functional as F
from loops import ATTACKS, Savings, Watch, channels_last, loop, passes, random_faces
from surrogates import SIDE, published
from torch import nn

from uncloak.attacks.batch import Runner
from uncloak.attacks.perturb import find_method, perturb, read_options

SURROGATES = {"lowkey": ("ir152", "ir152", "resnet152", "resnet152"), "fawkes_v10": ("ir50",)}
QUICK = {"lowkey": ("ir10", "resnet14"), "fawkes_v10": ("ir10",)}
STEPS = {"lowkey": 50, "fawkes_v10": 150}
MODES = {
    "plain": ("bfloat16", "float32"),
    "ready": ("bfloat16, weights ready",),
    "compiled": ("bfloat16, units compiled",),
    "whole": ("bfloat16, compiled",),
}
# Part -> seconds after which it is ended, in the order of the run: what matters most comes first.
PARTS = {"plain": 150, "compiled": 130, "original": 45, "protection": 75, "embedding": 45, "ready": 60, "whole": 150}
AS_PUBLISHED = Savings(joined=False, channels_last=False, unsynchronized=False, batch=1)


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
        _write(results, arguments.json)
    _print(results["rows"])
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


# --- One process for each part ----------------------------------------------------------------------------------------


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
                print("   ", _brief(rows[-1]), flush=True)

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
    measure = {"original": _original, "protection": _protection, "embedding": _embedding}.get(arguments.part, _attacks)
    begin = time.monotonic()
    rows = itertools.chain([_machine(device)] if arguments.part == arguments.parts[0] else [], measure(arguments))
    while True:
        row = {}
        with _noted(row):
            row = next(rows, None)
            if row is None:
                break
        print(json.dumps({"part": arguments.part, **row, "at": round(time.monotonic() - begin, 1)}), flush=True)


@contextlib.contextmanager
def _noted(row: dict) -> Iterator[None]:
    """Turn what goes wrong (a library that is missing, too little memory) into a note of the row."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, ImportError):
            traceback.print_exc()
        row["note"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        if isinstance(error, torch.OutOfMemoryError):
            torch.cuda.empty_cache()


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


# --- Attacks ----------------------------------------------------------------------------------------------------------


def _attacks(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield a row for each attack, mode and batch: ours beside the bare passes."""
    device = torch.device(arguments.device)
    if arguments.part == "plain":
        yield from _ceiling(arguments, device)
    attacks = list((QUICK if arguments.quick else SURROGATES).items())
    for attack, names in reversed(attacks) if arguments.part == "whole" else attacks:
        row = {"what": "attack", "attack": attack}
        extractors = None
        with _noted(row):
            extractors = _published(names, device)
        if extractors is None:
            yield row
            continue
        for mode in MODES[arguments.part]:
            run = None
            with _noted(row := {"what": "attack", "attack": attack, "mode": mode}):
                run = _runner(attack, extractors, mode, device, arguments.quick)
            if run is None:
                yield row
                continue
            # Whole networks take minutes to be compiled for one shape; one batch has to do.
            for batch in (
                arguments.batches[-2:-1] or arguments.batches if arguments.part == "whole" else arguments.batches
            ):
                row = {"what": "attack", "attack": attack, "mode": mode, "batch": batch}
                with _noted(row):
                    # Other shapes would have to be compiled, too.
                    join = arguments.part in ("plain", "ready")
                    row |= _cell(run, attack, batch, device, join, arguments.quick)
                yield row
            del run


def _batches(arguments: argparse.Namespace) -> list[int]:
    """Batches of a part: the largest first where each has to be compiled, and one alone where that takes minutes."""
    falling = sorted(arguments.batches, reverse=True)
    return {"compiled": falling, "whole": falling[:1]}.get(arguments.part, arguments.batches)


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


def _published(names: Sequence[str], device: torch.device) -> list[nn.Module]:
    """Extractors with weights of their own each, also where a name stands twice."""
    return [published(name, seed).to(device) for seed, name in enumerate(names)]


def _original(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield a row for each attack as its original works."""
    device = torch.device(arguments.device)
    for attack, names in (QUICK if arguments.quick else SURROGATES).items():
        extractors = None
        with _noted(row := {"what": "as published", "attack": attack}):
            extractors = _published(names, device)
        if extractors is None:
            yield row
            continue
        for batch in (1, 8) if attack == "lowkey" and not arguments.quick else (1,):
            row = {"what": "as published", "attack": attack, "mode": "float32", "batch": batch}
            with _noted(row):
                # Fawkes embeds the clean picture in every step; LowKey keeps its embedding (attacks.md 4.3).
                savings = Savings(**{**vars(AS_PUBLISHED), "cached": attack == "lowkey", "batch": batch})
                watch = Watch(device, 0, 1) if arguments.quick else Watch(device, 2, 10, 4.0)
                loop(random_faces(batch, SIDE), extractors, ATTACKS[attack], STEPS[attack], savings, watch)
                row |= {"pictures/s": batch / (STEPS[attack] * watch.step), "ms/step": 1000 * watch.step}
            yield row


def _ceiling(arguments: argparse.Namespace, device: torch.device) -> Iterator[dict]:
    """Yield what arithmetic allows: LowKey's operations, counted, at the device's rates of plain operations."""
    row = {"what": "ceiling", "attack": "lowkey"}
    with _noted(row):
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


# --- Embedding and protection -----------------------------------------------------------------------------------------


def _embedding(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield embeddings per second of faces in a file, beside the passes alone and the reading alone."""
    device, count = torch.device(arguments.device), 100 if arguments.quick else 8192
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ir10", "vit_b32_short") if arguments.quick else ("ir50", "vit_b32", "ir152"):
            row = {"what": "embedding", "network": name, "faces": count}
            with _noted(row):
                row |= _embeddings(published(name).to(device), Path(folder, "faces.h5"), count, device)
            yield row


def _embeddings(extractor: nn.Module, path: Path, count: int, device: torch.device) -> dict:
    from uncloak.extractors.embedding import _BATCH, embed
    from uncloak.store import open_arrays, write_arrays

    if not path.exists():
        write_arrays(path, {"faces": random_faces(count, SIDE)}, {})
    with open_arrays(path) as file:
        faces = file["faces"]
        embed(extractor, faces[: 2 * _BATCH], str(device))  # to warm up
        begin = time.perf_counter()
        embed(extractor, faces, str(device))
        embedded = time.perf_counter() - begin
        begin = time.perf_counter()
        for start in range(0, count, _BATCH):
            faces[start : start + _BATCH]
        reading = time.perf_counter() - begin
    batch = channels_last(torch.rand(min(_BATCH, count), 3, SIDE, SIDE, device=device))
    watch = Watch(device, 1, count // len(batch), 10)
    with torch.inference_mode():
        for _ in watch(range(count)):
            extractor(batch)
    return {
        "embeddings/s": count / embedded,
        "bare/s": len(batch) / watch.step,
        "over bare": embedded / count * len(batch) / watch.step,
        "read faces/s": count / reading,
    }


def _protection(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield what an attack does in bfloat16 beside float32, on drawn faces.

    "protected" is the share of perturbed pictures whose nearest clean face, but for the one they were made from, is
    somebody else's, as the attack's first surrogate and a network that it does not know embed them; "clean" the same of
    those pictures before. Random networks tell people apart less well than trained ones.
    """
    from uncloak.drawn.drawing import draw_faces, picture_names
    from uncloak.extractors.embedding import embed
    from uncloak.visibility.pictures import dssim

    device = torch.device(arguments.device)
    people, each = (3, 2) if arguments.quick else (16, 4)
    names = picture_names(people, each)
    faces, _ = draw_faces("benchmark", 1, names, SIDE, 0.05, os.cpu_count() or 1)
    owners = np.array([name.split("/")[0] for name in names])
    perturbed_rows = np.arange(0, len(names), each)
    stranger = published("ir10" if arguments.quick else "ir50", 99).to(device)
    for attack, surrogate_names in (QUICK if arguments.quick else SURROGATES).items():
        attacked = _published(surrogate_names, device)
        made = {}
        for precision in ("float32", "bfloat16"):
            row = {"what": "protection", "attack": attack, "mode": precision, "pictures": len(perturbed_rows)}
            with _noted(row):
                steps = 2 if arguments.quick else STEPS[attack]
                begin = time.perf_counter()
                made[precision] = perturb(
                    faces[perturbed_rows],
                    [names[row] for row in perturbed_rows],
                    attack,
                    {**ATTACKS[attack].options, "steps": steps},
                    attacked,
                    1,
                    len(perturbed_rows),
                    device=device,
                    precision=precision,
                )
                row |= {"steps": steps, "pictures/s": len(perturbed_rows) / (time.perf_counter() - begin)}
                for what, network in (("its surrogate", attacked[0]), ("a stranger", stranger)):
                    clean, moved = (embed(network, each, str(device)) for each in (faces, made[precision]))
                    for kind, queries in (("clean", clean[perturbed_rows]), ("protected", moved)):
                        row[f"{kind}, {what}"] = _mistaken(queries, perturbed_rows, clean, owners)
                row["DSSIM"] = float(dssim(faces[perturbed_rows], made[precision]).mean())
                row["bytes as in float32"] = float((made[precision] == made["float32"]).mean())
            yield row


def _mistaken(queries: np.ndarray, rows: np.ndarray, clean: np.ndarray, owners: np.ndarray) -> float:
    """Share of queries, made from these rows of the clean faces, that are nearest to somebody else's."""
    distances = np.linalg.norm(queries[:, None].astype(np.float64) - clean, axis=2)
    distances[np.arange(len(rows)), rows] = np.inf
    return float((owners[distances.argmin(axis=1)] != owners[rows]).mean())


# --- Results ----------------------------------------------------------------------------------------------------------


def _write(results: dict, path: Path | None) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _print(rows: list[dict]) -> None:
    """Print a table for each kind of row, and the goal."""
    for what in dict.fromkeys(row.get("what", "left out") for row in rows):
        chosen = [{k: v for k, v in row.items() if k != "what"} for row in rows if row.get("what", "left out") == what]
        columns = list(dict.fromkeys(key for row in chosen for key in row if key not in ("part", "at")))
        cells = [columns, *([_text(row.get(column, "")) for column in columns] for row in chosen)]
        widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
        print(f"\n{what}")
        for line in cells:
            print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    ours = [row for row in rows if row.get("what") == "attack" and row["attack"] == "lowkey" and "pictures/s" in row]
    if ours:
        best = max(ours, key=lambda row: row["pictures/s"])
        print(
            f"\nLowKey in {best['mode']}, batch {best['batch']}: {best['pictures/s']:.2f} pictures per second,"
            f" extrapolated to {STEPS['lowkey']} steps,"
            f"\n{best['over bare']:.2f} times the bare passes; the goal is 15, at most 1.25 times"
        )


def _brief(row: dict) -> str:
    return ", ".join(f"{key} {_text(value)}" for key, value in row.items() if key not in ("part", "what"))


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
