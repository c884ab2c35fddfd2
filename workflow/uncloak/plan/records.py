"""Records as the jobs take them: less what only tables and figures show, so that a new label restales no science."""

from collections.abc import Mapping

from uncloak.records.published import WORDS
from uncloak.records.reading import SHOWN


def without(record: Mapping, *keys: str) -> dict:
    return {key: value for key, value in record.items() if key not in keys}


def science(record: Mapping, *keys: str) -> dict:
    """A record without its words, and without `keys`, which are another job's."""
    told = without(record, *SHOWN, *keys)
    if isinstance(told.get("weights"), Mapping):
        told["weights"] = without(told["weights"], *WORDS)
    return told
