"""What a run evaluates: the attacks and the extractors of each dataset."""

from collections.abc import Iterable, Mapping


def datasets(config: Mapping) -> list[str]:
    """The datasets of this run."""
    return config["run"]["datasets"]


def channels(config: Mapping) -> list[str]:
    """The channels of this run, besides plain PNG."""
    return config["run"].get("channels", [])


def attacks_of(config: Mapping, dataset: str) -> list[str]:
    """The attacks that are run on a dataset: its own, or those of the run."""
    return config["datasets"][dataset].get("attacks", config["run"]["attacks"])


def extractors_of(config: Mapping, dataset: str) -> list[str]:
    """The extractors that a dataset is evaluated with: its own, or those of the run."""
    return config["datasets"][dataset].get("extractors", config["run"]["extractors"])


def parts(config: Mapping, attacks: Iterable[str]) -> list[str]:
    """The attacks that pictures are made by, in order: those named, and the parts of the mixtures among them."""
    records = config["attacks"]
    return list(dict.fromkeys(part for name in attacks for part in records[name].get("shares", [name])))


def parts_of(config: Mapping, dataset: str) -> list[str]:
    """The attacks that the posted pictures of a dataset are made by."""
    return parts(config, attacks_of(config, dataset))


def attack_threads(config: Mapping, cores: int | None) -> int:
    """Cores of a job that perturbs: all of them for one attack, and an equal share for each of several.

    A job that asks for all cores leaves them idle until they are free, and all but one while it starts; where there are
    as many jobs as cores, each has one, and together they fill them. Where no number of cores is known, on a
    cluster, there is room for all jobs at once.
    """
    if not cores:
        return 8
    made_by = [name for dataset in datasets(config) for name in parts_of(config, dataset)]
    jobs = config["shards"] * sum(config["attacks"][name]["method"] != "external" for name in made_by)
    return max(1, -(-cores // max(1, jobs)))


def is_pixels(config: Mapping, extractor: str) -> bool:
    """Whether an extractor is the floor of the clean error, which no attack could fool: raw pixels."""
    return config["extractors"][extractor]["recipe"] == "pixels"


def is_black_box(config: Mapping, extractor: str) -> bool:
    """Whether of an extractor embeddings are known alone, and no weights."""
    return config["extractors"][extractor]["recipe"] == "black_box"
