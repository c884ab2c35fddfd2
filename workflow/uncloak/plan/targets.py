"""What can be asked for: everything, and each figure and table of the ICLR 2022 paper."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.plan import claims, experiments, transfer


def of_paper(config: Mapping, place: str) -> list[str]:
    """The figures, or the tables where it is a table, that correspond to a place of the paper, such as "Figure 4"."""
    made = [
        each for name in _of_datasets(config) for each in experiments.made(config, name) if place in _places(each.paper)
    ]
    found = []
    for each in made:
        part, path = ("measure", each.table()) if place.startswith("Table") else ("figure", page(each))
        found += [path] if each.experiment in experiments.by_part(config, part) else []
    return found


def _places(paper: str) -> list[str]:
    """The places in a text such as "Tables 2 and 3"."""
    kind, _, numbers = paper.partition(" ")
    return [f"{kind.removesuffix('s')} {number}" for number in numbers.replace(",", "").split(" ") if number.isdigit()]


def page(asked) -> str:
    """The page of an experiment's figure."""
    return paths.fill(paths.FIGURE, dataset=asked.dataset, experiment=asked.experiment, kind="html")


def transfer_page(config: Mapping) -> str:
    return paths.fill(paths.TRANSFER_FIGURE, kind="html")


def _of_datasets(config: Mapping) -> list[str]:
    """The experiments that stand with a dataset."""
    return [name for name in experiments.names(config) if config["experiments"][name]["method"] != claims.METHOD]


def everything(config: Mapping) -> list[str]:
    """What `all` makes: every experiment's table and figure."""
    found = [
        path
        for name in _of_datasets(config)
        for path in (*experiments.tables(config, name), *experiments.pages(config, name))
    ]
    transferred = [paths.TRANSFER_TABLE, transfer_page(config)] if transfer.image_classifiers(config) else []
    return [*found, *transferred, *claims.pages(config)]
