"""The experiments of a run: on which datasets each is made, and what the generic rules ask of it."""

from collections.abc import Iterator, Mapping

from uncloak import paths
from uncloak.plan import captions, datasets, evaluated
from uncloak.plan.asked import Asked
from uncloak.records import plugins


def names(config: Mapping) -> list[str]:
    """The experiments of this run."""
    return config["run"].get("experiments", list(config["experiments"]))


def made(config: Mapping, experiment: str) -> list[Asked]:
    """An experiment on each dataset of the run that it is made on: where an attack of it is run, and it can be made."""
    wanted = config["experiments"][experiment].get("datasets", evaluated.datasets(config))
    asked = [Asked(config, experiment, name) for name in evaluated.datasets(config) if name in wanted]
    return [each for each in asked if each.attacks and each.about("possible", lambda _: True)(each)]


def unmade(config: Mapping) -> list[str]:
    """The experiments that are asked of a dataset of the run, and cannot be made on any.

    Asked for is what the run names, and, where it names none, what a record says more of than its method.
    """
    named = "experiments" in config["run"]
    return [name for name in names(config) if (named or _asks(config, name)) and not made(config, name)]


def _asks(config: Mapping, experiment: str) -> bool:
    record, run = config["experiments"][experiment], evaluated.datasets(config)
    own = record["method"] != experiment or record.keys() - {"method", "options"}
    return bool(own) and any(name in run for name in record.get("datasets", run))


def made_on(config: Mapping, dataset: str, method: str | None = None) -> Iterator[Asked]:
    """The experiments made on a dataset; those of a method alone if it is named."""
    for name in names(config):
        if method in (None, config["experiments"][name]["method"]):
            yield from (each for each in made(config, name) if each.dataset == dataset)


def by_part(config: Mapping, part: str) -> list[str]:
    """The experiments that have a part: that are measured, or drawn."""
    return [name for name, record in config["experiments"].items() if part in _parts(record["method"])]


def by_method(config: Mapping, method: str) -> list[str]:
    """The experiments that are one method's."""
    return [name for name, record in config["experiments"].items() if record["method"] == method]


def _parts(method: str) -> list[str]:
    return plugins.parts(plugins.EXPERIMENT, method)


def pages(config: Mapping, experiment: str) -> list[str]:
    """The figures of an experiment, on every dataset that it is made on; none where it has none."""
    drawn = experiment in by_part(config, "figure")
    return [
        paths.fill(paths.FIGURE, dataset=each.dataset, experiment=experiment, kind="html")
        for each in made(config, experiment)
        if drawn
    ]


def tables(config: Mapping, experiment: str) -> list[str]:
    """The tables of an experiment, on every dataset that it is made on; none where it measures nothing."""
    measured = experiment in by_part(config, "measure")
    return [each.table() for each in made(config, experiment) if measured]


# What the rules ask.


def files(config: Mapping, experiment: str, dataset: str) -> dict[str, list[str]]:
    """What an experiment measures."""
    return Asked(config, experiment, dataset).files()


def told(config: Mapping, experiment: str, dataset: str) -> dict:
    """What the job that measures is told."""
    return Asked(config, experiment, dataset).told()


def measuring(config: Mapping, experiment: str, dataset: str) -> list[str]:
    """The modules that the measuring picks at run time."""
    return Asked(config, experiment, dataset).modules("measure")


def timed_pictures(config: Mapping, experiment: str, dataset: str) -> int:
    """How many pictures are perturbed one at a time, for an experiment that asks what that costs."""
    return Asked(config, experiment, dataset).options.pictures


def labels(config: Mapping, experiment: str, dataset: str) -> dict:
    """What the job that averages is told."""
    return Asked(config, experiment, dataset).labels()


def averaged(config: Mapping, experiment: str, dataset: str) -> dict[str, list[str]]:
    """What is averaged: errors by user, and which extractors' numbers enter a table."""
    asked = Asked(config, experiment, dataset)
    errors = [paths.fill(paths.ERRORS, dataset=name, experiment=experiment) for name in asked.pooled()]
    return {"errors": errors, **asked.gated()}


def averaging(config: Mapping, experiment: str) -> list[str]:
    """The module that may average otherwise than most."""
    return [f"uncloak.experiments.{config['experiments'][experiment]['method']}.measure"]


def drawn_from(config: Mapping, experiment: str, dataset: str) -> dict[str, list[str]]:
    """What is drawn, which extractors are left out, and how much the attacks show."""
    asked = Asked(config, experiment, dataset)
    return asked.drawn_from() | asked.drawn_gated() | asked.drawn_visible()


def words(config: Mapping, experiment: str, dataset: str) -> dict:
    """What the job that draws is told."""
    return Asked(config, experiment, dataset).words()


def drawing(config: Mapping, experiment: str) -> list[str]:
    """The module that draws."""
    return [f"uncloak.experiments.{config['experiments'][experiment]['method']}.figure"]


def category(config: Mapping, experiment: str) -> str:
    """Where a figure stands in the report."""
    method = config["experiments"][experiment]["method"]
    return plugins.constant(plugins.EXPERIMENT, method, "CATEGORY", "Experiments")


def subcategory(config: Mapping, dataset: str) -> str:
    """Where it stands there among those of other datasets."""
    return config["datasets"][dataset]["label"]


def title(config: Mapping, experiment: str, dataset: str) -> dict[str, str]:
    """What a figure is called in the report, whose lists show one row for figures of one name."""
    asked = Asked(config, experiment, dataset)
    others = len(made(config, experiment)) > 1
    return {"figure": f"{asked.title} ({subcategory(config, dataset)})" if others else asked.title}


def caption(config: Mapping, experiment: str, dataset: str) -> str:
    """The text below a figure, in reStructuredText, with its dataset, numbers and seed filled in."""
    asked = Asked(config, experiment, dataset)
    record = config["datasets"][dataset]
    paper = f"This corresponds to {asked.paper} of Radiya-Dixit et al. (ICLR 2022)." if asked.paper else ""
    known = {
        "dataset": record["label"],
        "n_users": datasets.number_of(config, dataset, "user"),
        "seed": config["seed"],
        "paper": paper,
        "metric": config["recognition"]["metric"],
        **asked.words()["options"],
        **asked.about("shown", lambda _: {})(asked),
    }
    text = captions.of_experiment(asked.record["method"], known)
    return "\n\n".join(filter(None, [text, *captions.about_extractors([asked]), record.get("note", "")]))
