"""Classifiers that are trained on the gallery: the postings that they meet, and what they are tuned from."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from uncloak.plan import defenses, experiments, extractors, recognition
from uncloak.plan.asked import Asked
from uncloak.plan.attacks import perturbed
from uncloak.plan.defenses import NONE
from uncloak.plan.records import without


def _asked(config: Mapping, dataset: str) -> Iterator[Asked]:
    return experiments.made_on(config, dataset, "classifiers")


def linear_attacks(config: Mapping, dataset: str) -> list[str]:
    """The attacks that linear classifiers meet."""
    return list(dict.fromkeys(name for asked in _asked(config, dataset) for name in asked.attacks))


def linear_posted(config: Mapping, dataset: str, extractor: str) -> list[str]:
    """Posted pictures that linear classifiers are trained on."""
    return [recognition.embeddings(dataset, extractor, name) for name in linear_attacks(config, dataset)]


def linear_postings(config: Mapping, dataset: str) -> list:
    """Attack and channel of each of these."""
    return [[name, "png"] for name in linear_attacks(config, dataset)]


def end_to_end_record(config: Mapping, dataset: str) -> dict:
    """How classifiers are tuned end to end, less where they start from."""
    options = asdict(next(_asked(config, dataset)).options)
    return {**without(options, "robust_start"), "precision": options["precision"] or config["precision"]}


def end_to_end_files(config: Mapping, dataset: str, extractor: str, defense: str, attack: str) -> dict[str, list[str]]:
    """Files that a classifier is tuned from and on, besides the gallery."""
    files: dict[str, list[str]] = {}
    start = extractor
    if defense != NONE:
        learned = defenses.recognizer(config, extractor, defense).embedder
        if next(_asked(config, dataset)).options.robust_start == "robust":
            start = learned
        files |= extractors.public_clean(config, learned)
        files["public_perturbed"] = [path for _, path in extractors.public_perturbed(config, learned)]
    if attack != NONE:
        files["posted"] = perturbed(dataset, [attack])
    return {"extractor": extractors.files([start]), **files}


def robustly(config: Mapping, defense: str) -> bool:
    """Whether public pairs are learned, too."""
    return defense != NONE
