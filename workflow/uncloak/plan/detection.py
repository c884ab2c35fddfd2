"""Detectors of perturbed faces: what they learn from, and whose faces they score."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.plan import evaluated
from uncloak.plan.attacks import perturbed
from uncloak.plan.records import science
from uncloak.plan.roles import perturbed_others


def record(config: Mapping, detector: str) -> dict:
    """What training a detector depends on."""
    return science(config["detectors"][detector])


def lessons(config: Mapping, dataset: str) -> list[str]:
    """Perturbed faces of the people whom detectors learn from and are tested on."""
    return [path for _, path in _by_attack(config, dataset)]


def lesson_attacks(config: Mapping, dataset: str) -> list[str]:
    """The attack of each of these files."""
    return [attack for attack, _ in _by_attack(config, dataset)]


def scored_attacks(config: Mapping, dataset: str) -> list[str]:
    """Attacks whose posted faces the detectors score: those on the dataset, and those of users who collude."""
    collusion = dataset in evaluated.datasets_of(config, "collusion")
    colluding = config["experiments"]["collusion"]["attacks"] if collusion else []
    return evaluated.parts(config, [*evaluated.attacks_of(config, dataset), *colluding])


def scored_faces(config: Mapping, dataset: str) -> list[str]:
    """The posted faces that the detectors score."""
    return perturbed(dataset, scored_attacks(config, dataset))


def scores(config: Mapping, dataset: str) -> list[str]:
    """What the detectors of the run say of the faces of a dataset."""
    detectors = config["experiments"]["detection"]["detectors"]
    return [paths.fill(paths.SCORES, dataset=dataset, detector=name) for name in detectors]


def described_detectors(config: Mapping) -> dict[str, dict]:
    """Label of the detectors that are drawn, and the attacks that they know."""
    detectors = config["experiments"]["detection"]["detectors"]
    return {name: {key: config["detectors"][name][key] for key in ("label", "attacks")} for name in detectors}


def attack_labels(config: Mapping) -> dict[str, str]:
    """Names in figures of the attacks that are to be detected."""
    return {name: config["attacks"][name]["label"] for name in config["experiments"]["detection"]["attacks"]}


def _by_attack(config: Mapping, dataset: str) -> list[tuple[str, str]]:
    return [
        (attack, path)
        for attack in config["experiments"]["detection"]["attacks"]
        for path in perturbed_others(config, dataset, "detector", attack)
    ]
