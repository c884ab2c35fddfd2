"""What a configuration leaves to others: precision to the whole, an experiment's method to its name, and its record."""

from collections.abc import Collection, Iterator

from uncloak.records import plugins
from uncloak.records.configuration import Configuration

# Kinds of records of which a configuration may have none.
_MAY_BE_NONE = [name for name, about in Configuration.model_fields.items() if about.default == {}]


def fill(config: dict, struck: Collection[tuple[str, str]] = ()) -> None:
    """Fill a plain configuration in place; what is of a wrong type is left for the check to find.

    struck: kind and name of the records that it strikes out.
    """
    if "precision" in config:
        for record in _computing(config):
            record.setdefault("precision", config["precision"])
    for key in ("channels", "defenses"):
        _mapping(config, "run").setdefault(key, [])
    for kind in _MAY_BE_NONE:
        config.setdefault(kind, {})
    experiments = _mapping(config, "experiments")
    for name, record in experiments.items():
        if isinstance(record, dict):
            record.setdefault("method", name)
    used = {record["method"] for record in _records(config, "experiments") if isinstance(record["method"], str)}
    for name in _asking_nothing():
        if name not in used and ("experiments", name) not in struck:
            experiments.setdefault(name, {"method": name})


def _asking_nothing() -> list[str]:
    """The experiments that need no record: a folder alone is one, if none of its options must be given."""
    return [
        name
        for name in plugins.names(plugins.EXPERIMENT)
        if not any(
            field.is_required() for field in plugins.options_record(plugins.EXPERIMENT, name).model_fields.values()
        )
    ]


def as_rules_know(config: dict) -> dict:
    """Return a filled configuration as rules know it: its kinds of records in one order."""
    return {kind: config[kind] for kind in Configuration.model_fields if kind in config}


def _computing(config: dict) -> Iterator[dict]:
    """The records that train, attack or tune."""
    for kind in ("extractors", "image_classifiers"):
        yield from (record["train"] for record in _records(config, kind) if isinstance(record.get("train"), dict))
    yield from (record for record in _records(config, "attacks") if "surrogates" in record)
    yield from _records(config, "detectors")


def _records(config: dict, kind: str) -> list[dict]:
    return [record for record in _mapping(config, kind).values() if isinstance(record, dict)]


def _mapping(config: dict, key: object) -> dict:
    """The mapping at a key, or an empty one that belongs to nobody."""
    found = config.get(key) if isinstance(key, str) else None
    return found if isinstance(found, dict) else {}
