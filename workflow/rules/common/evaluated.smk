"""What a run evaluates: datasets, extractors and attacks, and what each experiment takes of them."""


def attacks_of(dataset):
    return DATASETS[dataset].get("attacks", config["run"]["attacks"])


def extractors_of(dataset):
    return DATASETS[dataset].get("extractors", config["run"]["extractors"])


def attacks_in(experiment, dataset):
    """The attacks of an experiment that are run on a dataset."""
    return [
        name
        for name in EXPERIMENTS[experiment]["attacks"]
        if name in attacks_of(dataset)
    ]


def players(dataset):
    """The users of the games who take up attacks that are run on a dataset, and these attacks."""
    users = {
        title: [name for name in names if name in attacks_of(dataset)]
        for title, names in EXPERIMENTS["games"]["users"].items()
    }
    return {title: names for title, names in users.items() if names}


# Experiments that show the attacks of the run, those among them that they name.
SHOWING = ("adaptive", "unprotected", "ranks", "classifiers")


def datasets_of(experiment):
    """The datasets of this run that an experiment is made on: where at least one of its attacks is run."""
    return [
        name
        for name in EXPERIMENTS[experiment]["datasets"]
        if name in config["run"]["datasets"]
        and (experiment not in SHOWING or attacks_in(experiment, name))
        and (experiment != "games" or players(name))
    ]


def one_attack_each(dataset):
    """Attack that is run on a dataset -> extractor tuned on it alone."""
    tuned = EXPERIMENTS["adaptive"].get("trained_on") or {}
    return {name: tuned[name] for name in tuned if name in attacks_of(dataset)}


def named_extractors(experiment):
    """Extractors that an experiment compares faces with."""
    record = EXPERIMENTS[experiment]
    roles = [record[key] for key in ("base", "robust", "extractor") if key in record]
    return [*roles, *record.get("extractors", []), *models_of(experiment)]


def models_of(experiment):
    """The extractors that the systems of an experiment are made of."""
    systems = EXPERIMENTS[experiment].get("systems", {}).values()
    return sorted(
        {system[model] for system in systems for model in ("accurate", "robust")}
    )


def compared(dataset):
    """Extractors that recognition compares faces with, and the attacks whose faces each compares.

    Besides the extractors of the dataset, these are those that its experiments name. Raw pixels are the floor of the
    clean error, no extractor that an attack could fool.
    """
    extractors = {
        name: [] if EXTRACTORS[name]["recipe"] == "pixels" else attacks_of(dataset)
        for name in extractors_of(dataset)
    }
    for experiment in (*SHOWING, "systems", "collusion"):
        if dataset in datasets_of(experiment):
            for name in named_extractors(experiment):
                extractors.setdefault(name, attacks_of(dataset))
    if dataset in datasets_of("adaptive"):
        for name in one_attack_each(dataset).values():
            extractors.setdefault(name, list(one_attack_each(dataset)))
    return extractors
