"""Inputs and settings of the experiments that recognition is done anew for: systems, collusion, dropped pictures,
classifiers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from uncloak import paths
from uncloak.plan import evaluated, extractors, recognition
from uncloak.plan.attacks import perturbed, targeted
from uncloak.plan.records import without


def setting(config: Mapping, experiment: str, key: str) -> Any:
    """One setting of an experiment, as its record has it."""
    return config["experiments"][experiment][key]


def extractors_in(config: Mapping, experiment: str, roles: Sequence[str]) -> list[str]:
    """The extractors in these roles of an experiment."""
    return [setting(config, experiment, role) for role in roles]


def model_comparisons(config: Mapping, experiment: str, dataset: str) -> list[str]:
    """What the systems of an experiment compare."""
    return recognition.comparisons(dataset, evaluated.models_of(config, experiment))


def model_embeddings(config: Mapping, dataset: str) -> list[str]:
    """Posted pictures as the models of the systems see them."""
    return recognition.posted_embeddings(config, dataset, _modelled(config, dataset), evaluated.channels(config))


def model_sources(config: Mapping, dataset: str) -> list:
    """Attack and channel of each of these."""
    return recognition.posted_sources(config, _modelled(config, dataset), evaluated.channels(config))


def _modelled(config: Mapping, dataset: str) -> dict[str, list[str]]:
    """The extractors of the two-model systems, and the attacks compared with each."""
    return {name: evaluated.attacks_of(config, dataset) for name in evaluated.models_of(config, "systems")}


def colluding_clean(config: Mapping, dataset: str) -> list[str]:
    """Clean faces as the models see them that users who collude fool."""
    return recognition.embeddings(dataset, evaluated.models_of(config, "collusion"), ["clean"])


def colluding_posted(config: Mapping, dataset: str) -> list[str]:
    """Posted pictures of users who collude, as these models see them."""
    return recognition.embeddings(
        dataset, evaluated.models_of(config, "collusion"), setting(config, "collusion", "attacks")
    )


def colluding_targets(config: Mapping, dataset: str) -> list[str]:
    """Who colludes with whom: the targets of the first attack that has some."""
    aiming = [name for name in setting(config, "collusion", "attacks") if name in targeted(config)]
    return [paths.fill(paths.TARGETS, dataset=dataset, attack=name) for name in aiming[:1]]


def filtered_clean(config: Mapping, dataset: str) -> list[str]:
    """Clean faces as the extractors see them that recognize without detected pictures."""
    return recognition.embeddings(dataset, setting(config, "unprotected", "extractors"), ["clean"])


def filtered_comparisons(config: Mapping, dataset: str) -> list[str]:
    return recognition.comparisons(dataset, setting(config, "unprotected", "extractors"))


def filtered_posted(config: Mapping, dataset: str) -> list[str]:
    """Posted pictures as these extractors see them."""
    return recognition.posted_embeddings(config, dataset, _filtered(config, dataset))


def filtered_sources(config: Mapping, dataset: str) -> list:
    """Attack and channel of each of these."""
    return recognition.posted_sources(config, _filtered(config, dataset))


def filtered_shares(config: Mapping, dataset: str) -> dict[str, Mapping]:
    return recognition.shares_of(config, evaluated.attacks_in(config, "unprotected", dataset))


def _filtered(config: Mapping, dataset: str) -> dict[str, list[str]]:
    """The extractors that recognize without detected faces, and the attacks compared with each."""
    attacks = evaluated.attacks_in(config, "unprotected", dataset)
    return dict.fromkeys(setting(config, "unprotected", "extractors"), attacks)


def linear_posted(config: Mapping, dataset: str, extractor: str) -> list[str]:
    """Posted pictures that linear classifiers are trained on."""
    return recognition.embeddings(dataset, [extractor], evaluated.attacks_in(config, "classifiers", dataset))


def linear_sources(config: Mapping, dataset: str) -> list:
    """Attack and channel of each of these."""
    return [[name, "png"] for name in evaluated.attacks_in(config, "classifiers", dataset)]


def end_to_end_record(config: Mapping) -> dict:
    """How classifiers are tuned end to end, less where they start from."""
    return without(setting(config, "classifiers", "end_to_end"), "robust_start")


def robust_start(config: Mapping) -> str:
    """Which of the two extractors robust end-to-end training starts from: `extractor` or `robust`."""
    return setting(config, "classifiers", "end_to_end").get("robust_start", "extractor")


def end_to_end_files(config: Mapping, dataset: str, extractor: str, defense: str, attack: str) -> dict[str, list[str]]:
    """Files that a classifier is tuned from and on, besides the gallery."""
    robustly = defense == "robust_training"
    start = setting(config, "classifiers", robust_start(config)) if robustly else extractor
    files = {"extractor": extractors.files([start])}
    if attack != "none":
        files["posted"] = perturbed(dataset, [attack])
    if robustly:
        learned = setting(config, "classifiers", "robust")
        files |= extractors.public_clean(config, learned)
        files["public_perturbed"] = [path for _, path in extractors.public_perturbed(config, learned)]
    return files


def classifier_errors(config: Mapping, dataset: str) -> list[str]:
    """Tables of all classifiers of Figure 9: nearest neighbors, linear, end to end."""
    plain, robust = (setting(config, "classifiers", key) for key in ("extractor", "robust"))
    attacks = ["none", *evaluated.attacks_in(config, "classifiers", dataset)]
    return [
        paths.fill(paths.ERRORS, dataset=dataset, table="protection"),
        *(paths.fill(paths.LINEAR, dataset=dataset, extractor=name) for name in (plain, robust)),
        *(
            paths.fill(paths.END_TO_END, dataset=dataset, extractor=plain, defense=defense, attack=attack)
            for defense in ("none", "robust_training")
            for attack in attacks
        ),
    ]
