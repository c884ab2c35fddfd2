"""Read a configuration: check it against its records and itself, before any job is planned, and fill it."""

from collections.abc import Mapping

from pydantic import ValidationError

from uncloak.records import references
from uncloak.records.configuration import Configuration
from uncloak.records.faults import input_error
from uncloak.records.filling import as_rules_know, fill
from uncloak.records.plain import plain, struck


def read(config: Mapping) -> Configuration:
    """Return a configuration typed and filled: records that compute have a precision, experiments name what they take.

    config: plain mappings as from YAML. What is `null` is struck out: a record, or a key of one. It is not changed.

    Raises InputError, in one line, with the place and the reason of the first thing wrong and what to do about it.
    """
    tree = plain(config)
    fill(tree)
    try:
        checked = Configuration.model_validate(tree)
    except ValidationError as error:
        raise input_error(error) from None
    references.check(checked, struck(config))
    checked._mapping = as_rules_know(tree)
    return checked
