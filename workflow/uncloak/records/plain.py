"""Configurations as plain mappings, lists and values: what they may hold, and what is struck out of them."""

import re
from collections.abc import Mapping

from uncloak.errors import InputError
from uncloak.records.faults import spoken

# What ends a script element or hides its end: Snakemake's report holds labels and other parameters in one.
_TAG = re.compile(r"</|<!--|<script", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DEEPEST = 32
# Paths that no rule has as an input, in which Snakemake would look for wildcards.
_PARAMETERS = {"weights", "clean", "cloaked", "later", "crowd"}


def plain(config: Mapping) -> dict:
    """Return a copy made of dicts, lists, text, numbers and truth values, what is `null` left out.

    Raises InputError, with the place and a reason, for anything else and for text that could not be shown.
    """
    return _plain(config, ())


def struck(config: Mapping) -> set[tuple[str, str]]:
    """Return kind and name of the records that a configuration strikes out."""
    return {
        (kind, name)
        for kind, records in config.items()
        if isinstance(records, Mapping)
        for name, record in records.items()
        if record is None
    }


def _plain(value: object, place: tuple) -> object:
    if len(place) > _DEEPEST:
        raise InputError(f"config: {spoken(place[:3])}: is nested too deep; write it flatter")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InputError(f"config: {spoken(place)}: the key {key!r} is no text; put it in quotes")
            _check_text(key, (*place, key))
        return {key: _plain(entry, (*place, key)) for key, entry in value.items() if entry is not None}
    if isinstance(value, list | tuple):
        return [_plain(entry, (*place, number)) for number, entry in enumerate(value)]
    if isinstance(value, str):
        _check_text(value, place)
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise InputError(f"config: {spoken(place)}: {value} is of type {type(value).__name__}; put it in quotes")


def _check_text(text: str, place: tuple) -> None:
    mend = "write it otherwise"
    if found := _TAG.search(text):
        reason = f"has '{found[0]}' in it, which would break the report"
    elif (found := _CONTROL.search(text)) and not (found[0] == "\n" and place[-1] == "note"):
        reason = f"has the control character {found[0]!r} in it, which no table or figure can show"
    elif ("{" in text or "}" in text) and not _may_have_braces(place):
        reason = "has a brace in it, which Snakemake would take for a wildcard"
        if place[0] == "data" or place[-1] == "root":
            mend = "rename the folder, or name a link to it"
    else:
        return
    raise InputError(f"config: {spoken(place)}: {reason}; {mend}")


def _may_have_braces(place: tuple) -> bool:
    return place[0] in _PARAMETERS or (place[0] == "attacks" and place[-1] == "name")
