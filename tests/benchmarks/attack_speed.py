"""Time the attacks on one CPU thread: what they cost beyond their surrogates, and what each saving brings.

Run it in the checkout: `uv run python tests/benchmarks/attack_speed.py`; `--parts` and `--nets` pick what is measured.
Networks have random weights. Seconds are CPU seconds, which other programs disturb least; the sides of a ratio are run
in turn, and the median of their ratios is printed. Fewer steps than the attacks really make are timed, which counts the
work before the first step too high.
"""

import argparse
import concurrent.futures
import inspect
import multiprocessing
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import torch
from loops import ATTACKS, BATCH, Savings, Work, alternate, channels_last, loop, passes, random_faces
from surrogates import untrained

from uncloak import configuration
from uncloak.allocation import keep_freed_memory
from uncloak.attacks.perturb import perturb
from uncloak.extractors.extractor import Extractor

PARTS = ("cost", "savings", "memory")


SWITCHES = {
    "weights frozen": {"frozen": False},
    "clean embeddings and window means kept": {"cached": False},
    "branches apart": {"joined": True},
    "channels_last": {"channels_last": False},
    "no synchronization": {"unsynchronized": False},
    f"batch {BATCH}, not 1": {"batch": 1},
}
# How the original tools work, as one loop: nothing saved.
ORIGINAL = Savings(frozen=False, cached=False, joined=False, channels_last=False, unsynchronized=False, batch=1)


@dataclass(frozen=True)
class Nets:
    """Surrogates of a size, with the steps to time.

    Attributes:
        side: of the faces, in pixels.
        records: extractors by name.
        surrogates: attack -> names of its extractors.
        steps: attack -> steps.
    """

    side: int
    records: Mapping[str, Mapping]
    surrogates: Mapping[str, list[str]]
    steps: Mapping[str, int]

    def extractors(self, attack: str) -> list[Extractor]:
        return [untrained(self.records[name]) for name in self.surrogates[attack]]


def small() -> Nets:
    """Return the surrogates of the embedded default."""
    config = configuration.load(Path(__file__).parents[2])
    surrogates = {name: config["attacks"][name]["surrogates"] for name in ("lowkey", "fawkes_v10", "fawkes_v03")}
    steps = {"lowkey": 10, "fawkes_v10": 30, "fawkes_v03": 30, "pgd": 30}
    return Nets(64, config["extractors"], {**surrogates, "pgd": surrogates["fawkes_v10"]}, steps)


def large() -> Nets:
    """Return networks that are published with weights, as `resources/README.md` describes them."""
    plain = {"mean": [0.5] * 3, "std": [0.5] * 3}
    records = {
        "mobilefacenet": {
            "network": {"name": "mobilefacenet_relu6"},
            "input": {"size": [112, 112], "template": "arcface", **plain},
        },
        "dlib": {"network": {"name": "dlib_resnet"}, "input": {"size": [150, 150], "template": "dlib", **plain}},
    }
    surrogates = {"lowkey": ["mobilefacenet", "dlib"], "fawkes_v10": ["mobilefacenet"]}
    return Nets(112, records, surrogates, {"lowkey": 2, "fawkes_v10": 6})


NETS = {"small": small, "large": large}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--attacks", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--lpips", action="store_true", help="LowKey with LPIPS (random AlexNet) instead of DSSIM")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as jobs do
    with tempfile.TemporaryDirectory() as folder:
        works = {name: ATTACKS[name] for name in arguments.attacks}
        if arguments.lpips and "lowkey" in works:
            options = {"perceptual": "lpips", "alexnet": _random_alexnet(folder)}
            works["lowkey"] = replace(works["lowkey"], options=options)
        chosen = [(kind, NETS[kind]()) for kind in arguments.nets]
        cases = [(kind, nets, *item) for kind, nets in chosen for item in works.items() if item[0] in nets.surrogates]
        for part, table in (("cost", cost), ("savings", savings)):
            if part in arguments.parts:
                rows = [
                    {"nets": kind, **table(nets, attack, work, arguments.repeats)} for kind, nets, attack, work in cases
                ]
                text = pd.DataFrame(rows).to_string(index=False, float_format="%.2f")
                print(f"\n{inspect.cleandoc(table.__doc__)}\n{text}", flush=True)
    if "memory" in arguments.parts:
        rows = [memory(attack) for attack in works]
        print(f"\n{memory.__doc__}\n{pd.DataFrame(rows).to_string(index=False)}")


def cost(nets: Nets, attack: str, work: Work, repeats: int) -> dict:
    """perturb() by the bare forward and input-gradient passes of its surrogates, LowKey's views joined or apart;
    and a straightforward loop (pictures singly, weights not frozen, clean faces embedded every step) by perturb().
    """
    extractors, steps = nets.extractors(attack), nets.steps[attack]
    pictures = random_faces(2, nets.side)
    seconds = alternate(
        {
            "perturb": lambda: _ours(nets, attack, work, extractors),
            "joined": lambda: _bare(nets.side, work, extractors, steps, joined=True),
            "apart": lambda: _bare(nets.side, work, extractors, steps, joined=False),
            "straightforward": lambda: loop(pictures, extractors, work, steps, ORIGINAL),
        },
        repeats,
    )
    return {
        "attack": attack,
        "surrogates": "+".join(nets.surrogates[attack]),
        "steps": steps,
        "ms/picture": 1000 * statistics.median(seconds["perturb"]) / BATCH,
        "perturb/joined": _ratio(seconds["perturb"], seconds["joined"]),
        "perturb/apart": _ratio(seconds["perturb"], seconds["apart"]),
        "straightforward/perturb": _ratio(seconds["straightforward"], seconds["perturb"]) * BATCH / len(pictures),
    }


def savings(nets: Nets, attack: str, work: Work, repeats: int) -> dict:
    """One saving switched off: seconds per picture by those of a loop with all of them."""
    extractors = nets.extractors(attack)
    steps = max(1, nets.steps[attack] // 3)
    switched = {
        name: replace(Savings(), **change)
        for name, change in SWITCHES.items()
        if work.step > 1 or "joined" not in change
    }
    pictures = {name: BATCH if each.batch == BATCH else 2 for name, each in switched.items()}
    seconds = alternate(
        {
            "all": lambda: loop(random_faces(BATCH, nets.side), extractors, work, steps, Savings()),
            **{
                name: lambda name=name, each=each: loop(
                    random_faces(pictures[name], nets.side), extractors, work, steps, each
                )
                for name, each in switched.items()
            },
        },
        repeats,
    )
    ratios = {name: _ratio(seconds[name], seconds["all"]) * BATCH / pictures[name] for name in switched}
    return {"attack": attack, **{name: ratios.get(name, float("nan")) for name in SWITCHES}}


def memory(attack: str) -> dict:
    """Peak memory of perturb() in MiB, beyond the process before it; small nets, three steps."""
    cases = [(batch, 32) for batch in (8, 16, 32)] + [(32, 128)]
    context = multiprocessing.get_context("spawn")
    row = {"attack": attack}
    for batch, pictures in cases:
        with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
            row[f"{pictures} pictures, batch {batch}"] = pool.submit(_peak, attack, batch, pictures).result()
    return row


def _ours(nets: Nets, attack: str, work: Work, extractors: list[Extractor]) -> None:
    faces = random_faces(BATCH, nets.side)
    options = {**work.options, "steps": nets.steps[attack]}
    targets = faces[::-1] if attack == "fawkes_v03" else None
    perturb(faces, [f"person/{row}" for row in range(BATCH)], attack, options, extractors, 1, BATCH, targets)


def _bare(side: int, work: Work, extractors: list[Extractor], steps: int, joined: bool) -> None:
    """The passes that the attack cannot do without, and nothing else."""
    faces = channels_last(torch.rand(BATCH, 3, side, side))
    with torch.no_grad():
        for extractor in extractors:
            for _ in range(work.before + work.after):
                extractor(faces)
    views = [faces.repeat(work.step, 1, 1, 1)] if joined else [faces] * work.step
    views = [channels_last(view).requires_grad_() for view in views]
    for _ in range(steps):
        passes(extractors, views)


def _peak(attack: str, batch: int, pictures: int) -> int:
    """Run in a process of its own."""
    torch.set_num_threads(1)
    nets, work = small(), ATTACKS[attack]
    extractors, faces = nets.extractors(attack), random_faces(pictures, nets.side)
    targets = faces[::-1] if attack == "fawkes_v03" else None
    before = _high_water()
    names = [f"person/{row}" for row in range(pictures)]
    perturb(faces, names, attack, {**work.options, "steps": 3}, extractors, 1, batch, targets)
    return round((_high_water() - before) / 1024)


def _high_water() -> int:
    """Largest resident memory of this process so far, in KiB; getrusage would count the parent's, too, at the fork."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def _random_alexnet(folder: str) -> str:
    from torchvision.models import alexnet

    path = Path(folder) / "alexnet.pth"
    torch.save(alexnet(weights=None).state_dict(), path)
    return str(path)


def _ratio(seconds: list[float], reference: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(seconds, reference, strict=True))


if __name__ == "__main__":
    main()
