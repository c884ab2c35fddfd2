"""What can be asked for: everything, and each figure and table of the ICLR 2022 paper."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.plan import evaluated, transfer
from uncloak.plan.datasets import shows_visibility

# Experiment -> its figures.
_FIGURES = {
    "adaptive": ["adaptive"],
    "detection": ["detection"],
    "unprotected": ["unprotected"],
    "ranks": ["ranks"],
    "classifiers": ["classifiers"],
    "systems": ["systems"],
    "collusion": ["collusion"],
    "games": ["games", "lifetime"],
}


def page(dataset: str, figure: str) -> str:
    """The page of a figure."""
    return paths.fill(paths.FIGURE, dataset=dataset, figure=figure, kind="html")


def figures_of(config: Mapping, experiment: str) -> list[str]:
    """The figures of an experiment, on every dataset that it is made on."""
    return [page(name, figure) for figure in _FIGURES[experiment] for name in evaluated.datasets_of(config, experiment)]


def tables_of(config: Mapping, experiment: str, table: str) -> list[str]:
    """A table of an experiment, on every dataset that it is made on."""
    return [paths.fill(paths.TABLE, dataset=name, table=table) for name in evaluated.datasets_of(config, experiment)]


def paper_figures(config: Mapping, number: int) -> list[str]:
    """The figures by extractor that correspond to a figure of the paper."""
    return [
        page(dataset, name)
        for dataset in evaluated.datasets(config)
        for name in evaluated.drawn(config, dataset)
        if config["figures"][name].get("paper") == f"Figure {number}"
    ]


def systems_figures(config: Mapping, first: bool) -> list[str]:
    """The first dataset of the run stands for the paper's FaceScrub, the others for its PubFig."""
    chosen = evaluated.datasets(config)[0]
    return [page(name, "systems") for name in evaluated.datasets_of(config, "systems") if (name == chosen) == first]


def transfer_page(config: Mapping) -> str:
    return paths.fill(paths.TRANSFER_FIGURE, kind="html")


def tables(config: Mapping) -> list[str]:
    """The tables, also those that no figure stands for."""
    of_datasets = [
        paths.fill(paths.TABLE, dataset=dataset, table=name)
        for dataset in evaluated.datasets(config)
        for name in ("protection", *(("quality", "visibility") if shows_visibility(config, dataset) else ()))
    ]
    return of_datasets + tables_of(config, "adaptive", "public")


def figures(config: Mapping) -> list[str]:
    of_datasets = [
        page(dataset, name)
        for dataset in evaluated.datasets(config)
        for name in (
            *evaluated.drawn(config, dataset),
            "pictures",
            *(("visibility", "contact_sheet") if shows_visibility(config, dataset) else ()),
            *(["channels"] if evaluated.channels(config) else []),
        )
    ]
    of_experiments = [path for experiment in _FIGURES for path in figures_of(config, experiment)]
    matrices = [
        page(dataset, "training_matrix")
        for dataset in evaluated.datasets_of(config, "adaptive")
        if evaluated.one_attack_each(config, dataset)
    ]
    return of_datasets + of_experiments + matrices


def everything(config: Mapping) -> list[str]:
    """What `all` makes."""
    transferred = [paths.TRANSFER_TABLE, transfer_page(config)] if transfer.image_classifiers(config) else []
    claimed = [paths.fill(paths.CLAIMS, kind="html")] if evaluated.datasets_of(config, "claims") else []
    return [*tables(config), *figures(config), *transferred, *claimed]
