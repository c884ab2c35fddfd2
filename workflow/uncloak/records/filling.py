"""What a configuration leaves to others: precision to the whole, an experiment's method to its name, and its record."""

from collections.abc import Collection, Iterator

from uncloak.errors import InputError
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
    for kind in ("datasets", "extractors", "attacks"):
        _repeat(kind, _mapping(config, kind), config.get("seed"))


def repeated(name: str, seed: int) -> str:
    """The name of a record that is made anew by another seed."""
    return f"{name}_seed_{seed}"


def _repeat(kind: str, records: dict, whole: object) -> None:
    """Add a record for each of the `seeds` of others; `whole` is the seed of the configuration."""
    for name, record in list(records.items()):
        seeds = record.get("seeds") if isinstance(record, dict) else None
        for seed in seeds if isinstance(seeds, list) else ():
            again = repeated(name, seed)
            if again in records:
                raise InputError(f"config: {kind}.{name}.seeds: '{again}' is there already; name that record otherwise")
            if seed == record.get("seed", whole):
                raise InputError(f"config: {kind}.{name}.seeds: by {seed} it is made anyway; leave that out")
            # How good it must be is asked of the first alone: all are in or out together.
            own = {key: value for key, value in record.items() if key not in ("seeds", "largest_clean_error")}
            records[again] = {**own, "label": f"{record.get('label')}, seed {seed}", "seed": seed}
            if kind == "datasets":
                same_people = [name, *(record.get("same_people") or ())]
                records[again] |= {"pictures_of": name, "same_people": same_people}


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
