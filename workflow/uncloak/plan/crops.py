"""Where an extractor of a run looks farther than the faces that a dataset stores."""

from collections.abc import Mapping
from math import ceil

from uncloak.crops import STANDARD, seen
from uncloak.plan import evaluated, extractors
from uncloak.plan.datasets import crop

_HARDLY = 0.5  # pixels of the standard crop, which are not worth telling


def notes(config: Mapping) -> list[str]:
    """One line for each dataset and extractor of a run that sees the faces' borders repeated, and what would mend it.

    An extractor counts where it is evaluated, where an attack optimizes against it, and where it is trained.
    """
    return [line for dataset, extractor in _pairs(config) if (line := _note(config, dataset, extractor))]


def _pairs(config: Mapping) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for dataset in evaluated.datasets(config):
        names = list(evaluated.extractors_of(config, dataset))
        for attack in evaluated.parts_of(config, dataset):
            names += config["attacks"][attack].get("surrogates", [])
        found += [(dataset, name) for name in names]
        found += [pair for name in names for pair in _learned(config, name)]
    return list(dict.fromkeys(found))


def _learned(config: Mapping, extractor: str) -> list[tuple[str, str]]:
    """The datasets that an extractor, and those that it is made from, are trained on, each with that extractor."""
    records = {name: config["extractors"][name] for name in extractors.lineage(config, extractor)}
    return [(record["train"]["data"], name) for name, record in records.items() if "train" in record]


def _note(config: Mapping, dataset: str, extractor: str) -> str | None:
    looks, margin = _looks(config, extractor), crop(config, dataset)["margin"]
    size = looks["size"]
    box = seen(size, looks.get("template"), looks.get("box"), looks.get("margin", 0))
    missing = box.beyond() - margin
    if missing <= _HARDLY:
        return None
    enough = ceil(box.beyond() - _HARDLY)
    detail = max(size[0] / (box.bottom - box.top), size[1] / (box.right - box.left))
    return (
        f"'{extractor}' looks {missing:.1f} pixels (of the 112 crop) beyond the faces of '{dataset}' and sees their"
        f" borders repeated; datasets.{dataset}.margin {enough} would show it what is there, and face_size"
        f" {ceil((STANDARD + 2 * enough) * detail)} all the detail that it takes"
    )


def _looks(config: Mapping, extractor: str) -> Mapping:
    """The crop that an extractor sees: a network's input, a black box's crop, or that of what it is tuned from."""
    record = config["extractors"][extractor]
    return record.get("input") or record.get("crop") or _looks(config, record["from"])
