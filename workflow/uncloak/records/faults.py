"""What pydantic finds wrong, told in one line: the place, what is wrong there, and what to do about it."""

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from uncloak.errors import InputError
from uncloak.records.words import brief, suggestion

_TYPES = {
    "int_type": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text (numbers and days in quotes)",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}
_BOUNDS = {
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
}
# As pydantic calls, in a place, one of the types that a value may be of.
_TYPE = re.compile(r"(constrained-str|int|(tuple|dict)\[.*)$")


def input_error(error: ValidationError) -> InputError:
    """Return the first fault as the error for the user."""
    place, said = _first(error)
    return InputError(f"config: {spoken(place)}: {said}")


def spoken(place: Sequence[object]) -> str:
    """Return a place as text: keys and numbers of entries, with dots between."""
    return ".".join(map(brief, place)) or "top level"


def _first(error: ValidationError) -> tuple[list[object], str]:
    faults = error.errors(include_url=False)
    # Of a value that may be of several types, what is wrong inside says more than the types that it is not of.
    first = next((each for each in faults if not _is_other_type(each)), faults[0])
    # The kind of a record is no key of it (`base.one_of`), and neither is a type.
    place = [key for key in first["loc"] if not (str(key).startswith("<") or _TYPE.match(str(key)))]
    context, value = first.get("ctx", {}), _shown(first["input"])
    match first["type"]:
        case "inside":
            inner, said = _first(context["error"])
            return place + inner, said
        case "fault":
            return place, first["msg"]
        case "value_error":  # InputError of a plug-in's file
            return place, str(context["error"])
        case "missing":
            return place[:-1], f"has no '{place[-1]}'; add it"
        case "kind":
            return place, _kind(first["input"], *first["msg"].split(": "))
        case "literal_error":
            known = re.findall(r"'([^']*)'", context["expected"]) or context["expected"].split(" or ")
            return place, f"is {value}; {suggestion(first['input'], known)}"
        case "string_pattern_mismatch" if place[-1] == "[key]":
            return place[:-2], f"the name {value} has other characters than letters, digits and _; rename it"
        case "string_pattern_mismatch":
            return place, f"is {value}; it must fit {context['pattern']}"
        case "string_too_short":
            return place, "is empty; say something"
        case "string_too_long":
            return place, f"is longer than {context['max_length']} characters; shorten it"
        case "too_short":
            return place, f"has {context['actual_length']} entries; give at least {context['min_length']}"
        case "too_long":
            return place, f"has {context['actual_length']} entries; give at most {context['max_length']}"
        case known if known in _BOUNDS:
            return place, f"is {value}; it must be {_BOUNDS[known].format(**context)}"
        case known if known in _TYPES:
            return place, f"is {value}; it must be {_TYPES[known]}"
    return place, f"is {value}: {' '.join(first['msg'].split())}"


def _is_other_type(fault: Mapping) -> bool:
    return fault["type"] in _TYPES and any(_TYPE.match(str(key)) for key in fault["loc"][-1:])


def _kind(value: object, key: str, known: str) -> str:
    """What is wrong with the key that says of which kind a record is (`base.one_of` gives it and the known kinds)."""
    if not isinstance(value, dict):
        return f"is {_shown(value)}; it must be a mapping of keys to values"
    if key not in value:
        return f"has no '{key}'; add it ({known})"
    return f"there is no {key} '{brief(value[key])}'; {suggestion(value[key], known.split(', '))}"


def _shown(value: object) -> str:
    return brief(repr(value))
