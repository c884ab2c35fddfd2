"""What the figures are drawn from, and what they and their captions say of themselves."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.plan import evaluated, experiments, extractors
from uncloak.plan.experiments import setting


def record(config: Mapping, figure: str) -> Mapping:
    return config["figures"][figure]


def paper(config: Mapping, figure: str) -> str:
    return config["figures"][figure].get("paper", "")


def systems_paper(config: Mapping, dataset: str) -> str:
    """The figure of the paper that a dataset's systems stand for."""
    return "Figure 6" if dataset == evaluated.datasets(config)[0] else "Figure 12"


def channel_labels(config: Mapping) -> list[list[str]]:
    """The channels of the run and their labels, plain PNG first."""
    return [["png", "PNG"], *([name, config["channels"][name]["label"]] for name in evaluated.channels(config))]


def part_labels(config: Mapping, dataset: str) -> list[str]:
    """Labels of the attacks that the posted pictures of a dataset are made by."""
    return [config["attacks"][name]["label"] for name in evaluated.parts_of(config, dataset)]


def adaptive_extractors(config: Mapping, dataset: str) -> list[str]:
    """Extractors of a dataset that were tuned on public identities' perturbed faces: they know the attacks."""
    return [name for name in evaluated.extractors_of(config, dataset) if extractors.learned_public(config, name)]


def attacks_tuned_on(config: Mapping, dataset: str) -> list[str]:
    """The attacks that some extractor is tuned on alone."""
    return list(evaluated.one_attack_each(config, dataset))


def trained_on(config: Mapping, dataset: str) -> list[list]:
    """Extractors and the attacks that they were tuned on, in the order of the rows of the matrix."""
    adaptive = config["experiments"]["adaptive"]
    rows = (adaptive["base"], *evaluated.one_attack_each(config, dataset).values(), adaptive["robust"])
    return [[name, extractors.learned_public(config, name).get("attacks", [])] for name in rows]


def filtered_table(config: Mapping, dataset: str) -> list[str]:
    """What is left where detected pictures are dropped, on datasets that have detectors."""
    detected = dataset in evaluated.datasets_of(config, "detection")
    return [paths.fill(paths.TABLE, dataset=dataset, table="filtered")] if detected else []


def robust_start(config: Mapping) -> str:
    """Where robust end-to-end training starts from, in words."""
    start = experiments.robust_start(config)
    return f"the {'plain' if start == 'extractor' else 'robust'} extractor"


def system_names(config: Mapping) -> list[str]:
    return list(setting(config, "systems", "systems"))


def colluding_labels(config: Mapping) -> list[list[str]]:
    """Attacks of users who collude, and their names in figures."""
    names = setting(config, "collusion", "attacks")
    return [[name, config["attacks"][name]["label"]] for name in names]


def colluding_systems(config: Mapping) -> list:
    """The systems that they meet, with their records."""
    return list(setting(config, "collusion", "systems").items())


def public_files(config: Mapping) -> list[str]:
    """The perturbed faces of the public identities that robust training learns, file by file."""
    return [path for _, path in _public(config)]


def public_attacks(config: Mapping) -> list[str]:
    """The attack of each of these files."""
    return [attack for attack, _ in _public(config)]


def public_labels(config: Mapping) -> dict[str, str]:
    """Names in figures of the attacks that public identities are perturbed by."""
    return {attack: config["attacks"][attack]["label"] for attack in public_attacks(config)}


def public_dataset(config: Mapping) -> str:
    """Where the public identities come from."""
    robust = setting(config, "adaptive", "robust")
    return extractors.learned_public(config, robust).get("dataset", "")


def _public(config: Mapping) -> list[tuple[str, str]]:
    return extractors.public_perturbed(config, setting(config, "adaptive", "robust"))
