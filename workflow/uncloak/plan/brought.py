"""What a user brings: folders of pictures and files of weights; what is not there is fetched, or told before any job.

A run is planned with what there is. What a job needs of it has a name: KIND.NAME for the record that tells of it, or a
name of `uncloak.published_files.OURS`; a job is told that name, which stays, and looks for the thing itself.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from uncloak import paths
from uncloak.fetchers import FETCHERS
from uncloak.fetching import cache, find, listings
from uncloak.folders import below
from uncloak.plan import datasets
from uncloak.provenance import digest, listing_digest
from uncloak.published_files import OURS, file_of

# What to do about a folder that is not there, by the kind of the record that tells of it.
_ADVICE = {
    "datasets": "put the dataset '{name}' there or set `data` (resources/README.md)",
    "attacks": "put the pictures of '{name}' there or set `data` (resources/README.md)",
    "objects": ("put ImageNet's validation pictures there, one folder per class, or set `data` (resources/README.md)"),
}


def dataset_folder(config: Mapping, dataset: str) -> str | list[str]:
    """The folder of a dataset's raw pictures: the user's, or drawn or fetched by us; nothing where there is none."""
    dataset = datasets.pictures_of(config, dataset)
    record = config["datasets"][dataset]
    ours = "root" not in record or "fetch" in record
    return _users_folder(config, record) or (paths.fill(paths.PHOTOGRAPHS, dataset=dataset) if ours else [])


def joined_folders(config: Mapping, dataset: str) -> dict[str, dict[str, str]]:
    """By its name, where each folder of a joined dataset is (`root`), or by what it is fetched (`fetch`)."""
    return {
        name: {"fetch": record["fetch"]} if _is_fetched(config, record) else {"root": str(_place(config, record))}
        for name, record in config["datasets"][dataset]["folders"].items()
    }


def dataset_listing(config: Mapping, dataset: str) -> str:
    """A digest of the names and contents of the user's files: content that a touch or a copy does not change."""
    record = config["datasets"][dataset]
    joined = [f"{name} {_listing(config, each)}" for name, each in record.get("folders", {}).items()]
    return digest("\n".join(joined)) if joined else _listing(config, record)


def external_folder(config: Mapping, attack: str) -> str | list[str]:
    """The folder of somebody else's perturbed pictures; nothing where there is none."""
    return _users_folder(config, config["attacks"][attack]) or []


def external_listing(config: Mapping, attack: str) -> str:
    """A digest of the names and contents of somebody else's files."""
    return _listing(config, config["attacks"][attack])


def objects_folder(config: Mapping) -> str | list[str]:
    """The folder of ImageNet's pictures; nothing where objects are drawn, or where there is none."""
    return _users_folder(config, config["objects"]) or []


def objects_listing(config: Mapping) -> str:
    """A digest of the names and contents of ImageNet's files."""
    return _listing(config, config["objects"])


def photographs(config: Mapping, dataset: str) -> str:
    """The name of a dataset's pictures."""
    return f"datasets.{dataset}"


def external(config: Mapping, attack: str) -> str:
    """The name of somebody else's perturbed pictures."""
    return f"attacks.{attack}"


def objects(config: Mapping) -> str:
    """The name of the pictures to classify."""
    return "objects"


def extractor_weights(config: Mapping, extractor: str) -> str:
    """The name of the published weights of an extractor, if it has some: a black box may have none."""
    return f"extractors.{extractor}"


def image_classifier_weights(config: Mapping, image_classifier: str) -> str:
    """The name of the published weights of an image classifier, if it has some."""
    return f"image_classifiers.{image_classifier}"


def perceptual_weights(config: Mapping, attack: str) -> str:
    """The name of the weights of the attack's perceptual term where it has some, else empty."""
    record = config["attacks"][attack]
    term = record.get("options", {}).get("perceptual", "lpips")
    return {"lpips": "alexnet", "stlpips": "stlpips"}.get(term, "") if record["method"] == "lowkey" else ""


def alexnet_is_there(config: Mapping) -> bool:
    """Whether a run has AlexNet's weights: the user brings them, or an attack of the run needs them anyway."""
    brings = os.path.exists(below(config["weights"], OURS["alexnet"].name))
    return brings or any(perceptual_weights(config, attack) == "alexnet" for attack in config["run"]["attacks"])


def detector_weights(config: Mapping, detector: str) -> str:
    """The name of the published weights that a detector starts from, or empty."""
    return "" if config["detectors"][detector].get("weights", "imagenet") == "scratch" else "mobilenet_v2"


def told(config: Mapping, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return a line for each thing that is missing, of those with these names, and one for each to be fetched."""
    missing, fetched = [], []
    for lack, comes in dict.fromkeys(line for name in sorted(set(names)) for line in _told(config, name)):
        missing += [lack] if lack else []
        fetched += [comes] if comes else []
    return missing, fetched


def message(missing: Iterable[str], fetched: Iterable[str] = ()) -> str:
    """Return one text that says what `told` has found; empty where that is nothing."""
    parts = {"missing, and not to be fetched:": missing, f"to be fetched, into {cache()}:": fetched}
    return "\n".join("\n  ".join([head, *lines]) for head, lines in parts.items() if lines)


def _told(config: Mapping, name: str) -> list[tuple[str, str]]:
    """Two lines of `told`, each of them or both empty, about every part of one thing."""
    kind, _, record_name = name.partition(".")
    if kind in _ADVICE:
        advice = _ADVICE[kind].format(name=record_name)
        return [_told_folder(config, each, advice) for each in datasets.folders(_record(config, name)).values()]
    return [_told_file(config, name)]


def _told_file(config: Mapping, name: str) -> tuple[str, str]:
    file = file_of(config, name)
    if not file or find(file, config["weights"]):
        return "", ""
    if file.fetchable:
        return "", f"{file.name}: {_terms(file.size, file.licence)}, from {file.url}"
    return f"{below(config['weights'], file.name)}: not found; {file.advice}", ""


def _told_folder(config: Mapping, record: Mapping, advice: str) -> tuple[str, str]:
    if _users_folder(config, record):
        return "", ""
    if "fetch" in record:
        fetcher = FETCHERS[record["fetch"]]
        kept = fetcher.folder(cache()).exists()
        return "", "" if kept else f"{fetcher.WHAT}: {_terms(fetcher.SIZE, fetcher.LICENCE)}"
    return f"{_place(config, record)}: not found; {advice}", ""


def _terms(size: int | None, licence: str | None) -> str:
    return f"{f'{size / 1e6:.0f} MB' if size else 'size not known'}, licence: {licence or 'not known'}"


def _record(config: Mapping, name: str) -> Mapping:
    """The record that tells of a folder."""
    kind, _, record_name = name.partition(".")
    return config[kind][record_name] if record_name else config[kind]


def _users_folder(config: Mapping, record: Mapping) -> str:
    """The folder of a record that the user brings, if it is there, else empty."""
    return str(_place(config, record)) if "root" in record and os.path.exists(_place(config, record)) else ""


def _place(config: Mapping, record: Mapping) -> Path:
    """Where the user's folder of a record belongs."""
    return below(config["data"], record["root"])


def _is_fetched(config: Mapping, record: Mapping) -> bool:
    return "fetch" in record and not _users_folder(config, record)


def _listing(config: Mapping, record: Mapping) -> str:
    """A digest of what the user brings, or whose the pictures are: what is not there has no digest, and is not read."""
    users = _users_folder(config, record)
    if users:
        return listing_digest(users, kept=listings())
    return "missing" if "root" in record and "fetch" not in record else record.get("fetch", "drawn")
