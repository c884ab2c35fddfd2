"""What a configuration leaves to others: precision to the whole, extractors and attacks of experiments to the run."""

from collections.abc import Iterable, Iterator
from typing import get_args

from uncloak.records.base import Record
from uncloak.records.configuration import Configuration
from uncloak.records.experiments import Experiment, Experiments

_ALL_OF_THE_RUN = ("extractors", "attacks")


def fill(config: dict) -> None:
    """Fill a plain configuration in place; what is of a wrong type is left for the check to find."""
    if "precision" in config:
        for record in _computing(config):
            record.setdefault("precision", config["precision"])
    _mapping(config, "run").setdefault("channels", [])
    experiments = _mapping(config, "experiments")
    for name, kind in _kinds().items():
        if "without" in kind.model_fields and name in experiments:
            keys = [key for key in _ALL_OF_THE_RUN if key in kind.model_fields]
            _take_all(config, _mapping(experiments, name), keys, pixels=False)
    for record in _records(config, "figures"):
        # A figure that names no extractors takes those of the dataset it is drawn of.
        _take_all(config, record, _ALL_OF_THE_RUN if "without" in record else ("attacks",), pixels=True)


def as_rules_know(config: dict) -> dict:
    """Return a filled configuration as rules know it: full lists alone, and every experiment, if on no dataset."""
    experiments = {
        name: _without_without(config["experiments"][name]) if name in config["experiments"] else _nothing(kind)
        for name, kind in _kinds().items()
    }
    figures = {name: _without_without(record) for name, record in config.get("figures", {}).items()}
    known = {**config, "experiments": experiments, "figures": figures}
    return {kind: known[kind] for kind in Configuration.model_fields if kind in known}


def _kinds() -> dict[str, type[Experiment]]:
    return {
        name: next(kind for kind in get_args(info.annotation) if kind is not type(None))
        for name, info in Experiments.model_fields.items()
    }


def _without_without(record: dict) -> dict:
    return {key: value for key, value in record.items() if key != "without"}


def _nothing(kind: type[Experiment]) -> dict:
    """An experiment that is struck out."""
    nothing = {}
    for name, info in kind.model_fields.items():
        shape = info.annotation
        if isinstance(shape, type) and issubclass(shape, Record):
            nothing[name] = {}
        else:
            nothing[name] = [] if "tuple" in str(shape) else {} if "dict" in str(shape) else None
    return _without_without(nothing)


def _take_all(config: dict, record: dict, keys: Iterable[str], pixels: bool) -> None:
    """Name the extractors and attacks of the run in a record that names none; what would leave none is not left out."""
    for key in keys:
        if key not in record:
            every = _evaluated(config, key, record)
            if key == "extractors" and not pixels:
                every = [name for name in every if not _is_pixels(config, name)] or every
            left_out = _list(_mapping(record, "without"), key)
            record[key] = [name for name in every if name not in left_out] or every


def _evaluated(config: dict, key: str, record: dict) -> list[str]:
    """The extractors or attacks evaluated on a record's datasets of the run (all unless it names some), each once."""
    run, datasets = _mapping(config, "run"), _mapping(config, "datasets")
    wanted = _list(record, "datasets") if "datasets" in record else None
    names = []
    for dataset in _list(run, "datasets"):
        if wanted is None or dataset in wanted:
            names += _list(_mapping(datasets, dataset), key) or _list(run, key)
    return list(dict.fromkeys(names or _list(run, key)))


def _is_pixels(config: dict, extractor: object) -> bool:
    return _mapping(_mapping(config, "extractors"), extractor).get("recipe") == "pixels"


def _computing(config: dict) -> Iterator[dict]:
    """The records that train, attack or tune."""
    for kind in ("extractors", "image_classifiers"):
        yield from (record["train"] for record in _records(config, kind) if isinstance(record.get("train"), dict))
    yield from (record for record in _records(config, "attacks") if "surrogates" in record)
    yield from _records(config, "detectors")
    classifiers = _mapping(_mapping(config, "experiments"), "classifiers")
    if isinstance(classifiers.get("end_to_end"), dict):
        yield classifiers["end_to_end"]


def _records(config: dict, kind: str) -> list[dict]:
    return [record for record in _mapping(config, kind).values() if isinstance(record, dict)]


def _mapping(config: dict, key: object) -> dict:
    """The mapping at a key, or an empty one that belongs to nobody."""
    found = config.get(key) if isinstance(key, str) else None
    return found if isinstance(found, dict) else {}


def _list(config: dict, key: str) -> list[str]:
    """The names at a key."""
    found = config.get(key)
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
