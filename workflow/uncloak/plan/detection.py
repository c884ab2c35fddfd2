"""Detectors of perturbed faces: what they learn from, and whose faces they score."""

from collections.abc import Mapping

from uncloak.plan import evaluated, experiments
from uncloak.plan.attacks import perturbed
from uncloak.plan.records import science
from uncloak.plan.roles import perturbed_others


def record(config: Mapping, detector: str) -> dict:
    """What training a detector depends on."""
    return science(config["detectors"][detector])


def tested_attacks(config: Mapping, dataset: str) -> list[str]:
    """The attacks whose pictures detectors learn from and are tested on."""
    tested = [name for asked in experiments.made_on(config, dataset, "detection") for name in asked.attacks]
    learned = [name for record in config["detectors"].values() for name in record["attacks"]]
    return list(dict.fromkeys(tested or learned))


def lessons(config: Mapping, dataset: str) -> list[str]:
    """Perturbed faces of the people whom detectors learn from and are tested on."""
    return [path for _, path in _by_attack(config, dataset)]


def lesson_attacks(config: Mapping, dataset: str) -> list[str]:
    """The attack of each of these files."""
    return [attack for attack, _ in _by_attack(config, dataset)]


def scored_attacks(config: Mapping, dataset: str) -> list[str]:
    """Attacks whose posted faces the detectors score: those on the dataset, and those of users who collude."""
    beside = [
        name for asked in experiments.made_on(config, dataset) if asked.about("SCORED", False) for name in asked.attacks
    ]
    return evaluated.parts(config, [*evaluated.attacks_of(config, dataset), *beside])


def scored_faces(config: Mapping, dataset: str) -> list[str]:
    """The posted faces that the detectors score."""
    return perturbed(dataset, scored_attacks(config, dataset))


def _by_attack(config: Mapping, dataset: str) -> list[tuple[str, str]]:
    return [
        (attack, path)
        for attack in tested_attacks(config, dataset)
        for path in perturbed_others(config, dataset, "detector", attack)
    ]
