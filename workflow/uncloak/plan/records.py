"""Records as the jobs take them: less what only tables and figures show, so that a new label restales no science."""

from collections.abc import Mapping

from uncloak.records.filling import repeated
from uncloak.records.published import WORDS
from uncloak.records.reading import SHOWN

# Of a job beside its record.
_SEEDS = ("seed", "seeds")


def without(record: Mapping, *keys: str) -> dict:
    return {key: value for key, value in record.items() if key not in keys}


def seed_of(config: Mapping, kind: str, name: str) -> int:
    """By which seed a record is made: its own, or that of the configuration."""
    return config[kind][name].get("seed", config["seed"])


def repeats(config: Mapping, kind: str, name: str) -> dict[str, int]:
    """The records that make one anew by other seeds, and these."""
    return {repeated(name, other): other for other in config[kind][name].get("seeds", ())}


def science(record: Mapping, *keys: str) -> dict:
    """A record without its words, and without `keys`, which are another job's."""
    told = without(record, *SHOWN, *_SEEDS, *keys)
    if isinstance(told.get("weights"), Mapping):
        told["weights"] = without(told["weights"], *WORDS)
    return told
