"""Claims of publications, and the tables of what is measured beside them."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.plan import brought, datasets, evaluated, targets, transfer
from uncloak.plan.experiments import setting


def published(config: Mapping) -> list[str]:
    """Tables of what is claimed, which come with this project."""
    return [brought.reachable(f"resources/published/{name}.csv") for name in setting(config, "claims", "published")]


def measured_rates(config: Mapping) -> list[str]:
    """Averaged tables that published rates are compared with."""
    found = [
        paths.fill(paths.TABLE, dataset=dataset, table=name)
        for dataset in _datasets(config)
        for name in ("protection", "ranks")
    ]
    together = targets.tables_of(config, "systems", "systems")
    return found + together + targets.tables_of(config, "classifiers", "classifiers")


def measured_detection(config: Mapping) -> list[str]:
    return targets.tables_of(config, "detection", "detection")


def measured_transfer(config: Mapping) -> list[str]:
    return [paths.TRANSFER_TABLE] if transfer.image_classifiers(config) else []


def label(config: Mapping) -> str:
    """The datasets that claims are compared on."""
    return ", ".join(datasets.label(config, name) for name in _datasets(config))


def note(config: Mapping) -> str:
    """The notes of these datasets, each once."""
    return " ".join(dict.fromkeys(datasets.note(config, name) for name in _datasets(config)))


def _datasets(config: Mapping) -> list[str]:
    return evaluated.datasets_of(config, "claims")
