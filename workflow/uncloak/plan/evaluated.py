"""What a run evaluates: the attacks and the extractors of each dataset, and what experiments take of them."""

from collections.abc import Iterable, Mapping

# Experiments that show the attacks of the run, those among them that they name.
_SHOWING = ("adaptive", "unprotected", "ranks", "classifiers")


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


def datasets_of(config: Mapping, experiment: str) -> list[str]:
    """The datasets of this run that an experiment is made on: where at least one of its attacks is run."""
    return [
        name
        for name in config["experiments"][experiment]["datasets"]
        if name in datasets(config)
        and (experiment not in _SHOWING or attacks_in(config, experiment, name))
        and (experiment != "games" or players(config, name))
    ]


def attacks_in(config: Mapping, experiment: str, dataset: str) -> list[str]:
    """The attacks of an experiment that are run on a dataset."""
    run = attacks_of(config, dataset)
    return [name for name in config["experiments"][experiment]["attacks"] if name in run]


def players(config: Mapping, dataset: str) -> dict[str, list[str]]:
    """The users of the games who take up attacks that are run on a dataset, and these attacks."""
    run = attacks_of(config, dataset)
    users = {
        title: [name for name in names if name in run]
        for title, names in config["experiments"]["games"]["users"].items()
    }
    return {title: names for title, names in users.items() if names}


def one_attack_each(config: Mapping, dataset: str) -> dict[str, str]:
    """Attack that is run on a dataset -> extractor tuned on it alone."""
    tuned = config["experiments"]["adaptive"].get("trained_on") or {}
    run = attacks_of(config, dataset)
    return {name: tuned[name] for name in tuned if name in run}


def models_of(config: Mapping, experiment: str) -> list[str]:
    """The extractors that the systems of an experiment are made of."""
    systems = config["experiments"][experiment].get("systems", {}).values()
    return sorted({system[model] for system in systems for model in ("accurate", "robust")})


def systems_of(config: Mapping, experiment: str) -> dict[str, dict[str, str]]:
    """System -> its two extractors."""
    systems = config["experiments"][experiment]["systems"]
    return {name: {model: system[model] for model in ("accurate", "robust")} for name, system in systems.items()}


def compared(config: Mapping, dataset: str) -> dict[str, list[str]]:
    """The extractors that recognition compares faces with, and the attacks whose faces each compares.

    Besides the extractors of the dataset, these are those that its experiments name.
    """
    extractors = {name: _attacks_on(config, name, dataset) for name in extractors_of(config, dataset)}
    for experiment in (*_SHOWING, "systems", "collusion"):
        if dataset in datasets_of(config, experiment):
            for name in _named_extractors(config, experiment):
                extractors.setdefault(name, attacks_of(config, dataset))
    if dataset in datasets_of(config, "adaptive"):
        tuned = one_attack_each(config, dataset)
        for name in tuned.values():
            extractors.setdefault(name, list(tuned))
    return extractors


def drawn(config: Mapping, dataset: str) -> list[str]:
    """The figures by extractor that are drawn of a dataset, at least one of their attacks being run."""
    run = set(attacks_of(config, dataset))
    return [
        name
        for name, record in config["figures"].items()
        if dataset in record.get("datasets", [dataset]) and run & set(record["attacks"])
    ]


def shown(config: Mapping, dataset: str, figure: str) -> dict[str, list[str]]:
    """The extractors that a figure by extractor shows, and the attacks compared with each."""
    record = config["figures"][figure]
    run = extractors_of(config, dataset)
    chosen = record.get("extractors", run)
    return {name: _attacks_on(config, name, dataset, record["attacks"]) for name in run if name in chosen}


def _attacks_on(config: Mapping, extractor: str, dataset: str, attacks: list[str] | None = None) -> list[str]:
    """The attacks run on a dataset (of `attacks`, in their order, if given) that could fool an extractor.

    Raw pixels are the floor of the clean error, no extractor that an attack could fool.
    """
    run = attacks_of(config, dataset)
    if config["extractors"][extractor]["recipe"] == "pixels":
        return []
    return run if attacks is None else [name for name in attacks if name in run]


def _named_extractors(config: Mapping, experiment: str) -> list[str]:
    """The extractors that an experiment compares faces with."""
    record = config["experiments"][experiment]
    roles = [record[key] for key in ("base", "robust", "extractor") if key in record]
    return [*roles, *record.get("extractors", []), *models_of(config, experiment)]
