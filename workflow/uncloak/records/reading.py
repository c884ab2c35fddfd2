"""Records as a job gets them: as text, without the words that only tables and figures show."""

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import ValidationError, create_model

from uncloak.errors import InputError
from uncloak.records.base import Record
from uncloak.records.faults import input_error
from uncloak.records.published import WITHOUT_WORDS

# A new label restales no science: jobs that compute do not get it (`uncloak.plan.records`). Nor what an extractor has
# learned, how wrong it may be and when it takes two faces for one person's, which decide only what tables and figures
# show.
SHOWN = ("label", "released", "released_source", "trained_on", "largest_clean_error", "thresholds")
Kind = TypeVar("Kind", bound=Record)
Plain = TypeVar("Plain")


def read(kind: type[Kind], values: str | Mapping | None) -> Kind | None:
    """Return a record with all its options, those not given by default; None where there is none.

    Args:
        kind: its class in `uncloak.records`, or a choice of classes such as `AnyExtractor`.
        values: plain mapping, or its JSON text. `SHOWN` may be missing, and of published weights, where they are from:
            the record has None for it.

    Raises InputError, in one line, with the place and the reason of the first thing wrong and what to do about it.
    """
    values = json.loads(values) if isinstance(values, str) else values
    if values is None:
        return None
    try:
        return _silent(_chosen(kind, values)).model_validate(values, context=WITHOUT_WORDS)
    except ValidationError as error:
        raise input_error(error) from None


def converted(record: Record, kind: type[Plain]) -> Plain:
    """Return the dataclass `kind` with the values that a record has for its fields; no precision is "auto".

    A record within it becomes the dataclass that its field is of.
    """
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(kind)}
    for name, value in values.items():
        if isinstance(value, Record):
            of, *_ = get_args(get_type_hints(kind)[name])
            values[name] = converted(value, of)
    if "precision" in values:
        values["precision"] = values["precision"] or "auto"
    return kind(**values)


def _chosen(kind: Any, values: Mapping) -> type[Record]:
    """The class, of a choice (`base.one_of`) the one that the values are of."""
    if isinstance(kind, type):
        return kind
    choice, discriminator = get_args(kind)
    kinds = {tag.tag: each for each, tag in map(get_args, get_args(choice))}
    found = discriminator.discriminator(values)
    if found not in kinds:
        raise InputError(
            f"config: is of none of these kinds: {', '.join(name.strip('<>') for name in kinds)}; take one"
        )
    return kinds[found]


@cache
def _silent(kind: type[Record]) -> type[Record]:
    """The same class, which does without what is only shown."""
    shown = {key: (Any, None) for key in SHOWN if key in kind.model_fields}
    return create_model(kind.__name__, __base__=kind, **shown)
