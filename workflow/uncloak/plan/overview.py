"""The page about a run as a whole: which figures answer its question, and from what the rest of it is told."""

from collections.abc import Iterable, Mapping

from uncloak import paths
from uncloak.plan import attacks, captions, claims, evaluated, experiments, extractors, recognition, targets, transfer
from uncloak.plan.asked import Asked
from uncloak.records import plugins

_FIGURES = 3
_LAST = 99  # of figures that claim no place
_RATES = "protection"


def figures(config: Mapping) -> list[dict]:
    """The figures that answer, three at most: page, category, title and caption of each.

    The folders of experiments say their places (HEADLINE), and figures of one place stand in the order of datasets. Of
    each category the first is taken, and where these are few, those that follow.
    """
    made = sorted(_drawn(config), key=lambda each: _place(config, each))
    first = [*{experiments.category(config, each.experiment): each for each in reversed(made)}.values()]
    chosen = [*(each for each in made if each in first), *(each for each in made if each not in first)][:_FIGURES]
    found = [_figure(config, each) for each in sorted(chosen, key=made.index)]
    if len(found) < _FIGURES and transfer.image_classifiers(config):
        found.append(_transferred(config))
    return found


def _drawn(config: Mapping) -> list[Asked]:
    drawn = experiments.by_part(config, "figure")
    return [each for each in _made(config) if each.experiment in drawn and each.record["method"] != claims.METHOD]


def _made(config: Mapping) -> list[Asked]:
    return [each for dataset in evaluated.datasets(config) for each in experiments.made_on(config, dataset)]


def _place(config: Mapping, asked: Asked) -> int:
    return plugins.constant(plugins.EXPERIMENT, asked.record["method"], "HEADLINE", _LAST)


def _figure(config: Mapping, asked: Asked) -> dict:
    return {
        "page": targets.page(asked),
        "category": experiments.category(config, asked.experiment),
        "title": asked.title,
        "caption": experiments.caption(config, asked.experiment, asked.dataset),
    }


def _transferred(config: Mapping) -> dict:
    return {
        "page": targets.transfer_page(config),
        "category": transfer.CATEGORY,
        "title": transfer.TITLE,
        "caption": transfer.caption(config),
    }


def files(config: Mapping) -> dict[str, list[str]]:
    """What the page tells of: it is made last, and nothing is made for it alone."""
    return {
        "figures": [_picture(each["page"]) for each in figures(config)],
        "rates": [each.table() for each in _rates(config)],
        "claims": [paths.fill(paths.CLAIMS, kind="csv")] if claims.asked(config) else [],
        "tables": tables(config),
        **{kind: list(found) for kind, found in _files(config).items()},
        "everything": targets.everything(config),
    }


def _picture(page: str) -> str:
    return page.removesuffix("html") + "svg"


def tables(config: Mapping) -> list[str]:
    """The tables of the run."""
    return [path for path in targets.everything(config) if path.endswith(".csv")]


def _rates(config: Mapping) -> list[Asked]:
    """The experiments in whose table every attack meets every extractor, by dataset."""
    return [each for each in _made(config) if each.record["method"] == _RATES]


def _files(config: Mapping) -> dict[str, dict[str, str]]:
    """Files of datasets, extractors and attacks that jobs of the run need anyhow -> what each is called."""
    made = _made(config)
    measured = [each for each in made if each.experiment in experiments.by_part(config, "measure")]
    needed = {path for each in measured for found in each.files().values() for path in found}
    needed |= {path for each in _drawn(config) for found in _drawn_from(each).values() for path in found}
    in_files = extractors.in_files(config)
    names = {
        model: None
        for each in measured
        for recognizer in each.recognizers
        for model in recognizer.models
        if recognition.comparisons(each.dataset, model, recognizer.treated) in needed and model in in_files
    }
    posted = [
        (dataset, name)
        for dataset in _asked_of(config)
        for name in evaluated.parts_of(config, dataset)
        if needed.intersection(_posted(dataset, name, names))
    ]
    with_users = {each.dataset for each in measured} | {dataset for dataset, _ in posted}
    split = [name for name in _asked_of(config) if name in with_users]
    return {
        "splits": {paths.fill(paths.SPLIT, dataset=name): _label(config, name) for name in split},
        "extractors": {
            paths.fill(paths.EXTRACTOR, extractor=name): config["extractors"][name]["label"] for name in names
        },
        "perturbed": {
            _posted(dataset, name)[0]: f"{config['attacks'][name]['label']}, {_label(config, dataset)}"
            for dataset, name in posted
        },
    }


def _posted(dataset: str, attack: str, models: Iterable[str] = ()) -> list[str]:
    """The pictures of an attack, and what these extractors make of them."""
    return [*attacks.perturbed(dataset, [attack]), *(recognition.embeddings(dataset, name, attack) for name in models)]


def _drawn_from(asked: Asked) -> dict[str, list[str]]:
    return asked.drawn_from() | asked.drawn_visible()


def _asked_of(config: Mapping) -> list[str]:
    """The datasets of the run that anything is asked of."""
    return list(dict.fromkeys(each.dataset for each in _made(config)))


def _label(config: Mapping, dataset: str) -> str:
    return config["datasets"][dataset]["label"]


def told(config: Mapping) -> dict:
    """What the job that writes the page is told: words, in the order of its files."""
    asked = _asked_of(config)
    return {
        "figures": figures(config),
        "rates": [_label(config, each.dataset) for each in _rates(config)],
        "about_rates": captions.about_extractors(_rates(config)),
        **{kind: list(found.values()) for kind, found in _files(config).items()},
        "datasets": [_label(config, name) for name in asked],
        "notes": list(dict.fromkeys(filter(None, (config["datasets"][name].get("note") for name in asked)))),
        "attacks": _labels(config, "attacks", [name for each in asked for name in evaluated.attacks_of(config, each)]),
        "settings": {
            "seed": config["seed"],
            "precision": config["precision"],
            "metric": config["recognition"]["metric"],
        },
    }


def _labels(config: Mapping, kind: str, names: list[str]) -> list[str]:
    return [config[kind][name]["label"] for name in dict.fromkeys(names)]


# What the report says of results.


def caption(config: Mapping) -> str:
    """The text beside the table of how the run was made."""
    return (
        "**How this run was made.** Versions, seed, the hashes of extractors, splits and tables, and of each kind of"
        " job what it took and on what it computed. Tables of equal numbers have equal hashes, in whichever run."
    )
