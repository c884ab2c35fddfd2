"""What a run says of itself when it starts: how much there is to do, with what, and on what it computes."""

from collections.abc import Mapping

from uncloak.devices import choose_device, emulation, native_bfloat16, processor, resolve_precision
from uncloak.plan import audit, experiments
from uncloak.plan.crops import notes
from uncloak.progress import watched

_KINDS = ("datasets", "attacks", "extractors")
_ELSEWHERE = (
    "Each job tells in its log, below logs/, on which device and in which precision it computes, and how far it is."
)


def opening(config: Mapping, jobs: int, cores: int | None) -> str:
    """Return a few lines about a run of `jobs` jobs on `cores` cores of this machine, or (None) on other machines."""
    audited = audit.names(config)
    named = {"extractors": audit.at_hand(config)} if audited else {kind: config["run"][kind] for kind in _KINDS}
    labels = {kind: [config[kind][name]["label"] for name in names] for kind, names in named.items()}
    of = f"for the audit of {audited[0]}, by" if audited else "in a world of"
    here = "" if cores is None else f" on {_count(cores, 'cores')}"
    return "\n".join(
        [
            f"{_count(jobs, 'jobs')}{here}, {of}",
            *(f"  {_count(len(found), kind)}: {'; '.join(found)}" for kind, found in labels.items()),
            *(f"Note: {line}." for line in ([] if audited else [*notes(config), *_unmade(config)])),
            _ELSEWHERE if cores is None else _here(config["precision"]),
        ]
    )


def _unmade(config: Mapping) -> list[str]:
    unmade = ", ".join(experiments.unmade(config))
    return [f"nothing to make of {unmade} on the datasets of this run (docs/experiments.md)"] if unmade else []


def _count(number: int, things: str) -> str:
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


def _here(asked: str) -> str:
    device = choose_device()
    precision = resolve_precision(asked, device)
    place = f"the processor ({processor()})" if device == "cpu" else device
    lines = [f"Networks compute on {place} in {precision} (precision: {asked})."]
    if precision == "bfloat16" and not native_bfloat16(device):
        lines.append(f"Warning: {emulation(device)}")
    lines.append(f"Long jobs tell {'here and ' if watched() else ''}in their logs, below logs/, how far they are.")
    return "\n".join(lines)
