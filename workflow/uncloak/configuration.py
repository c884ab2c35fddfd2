"""Read a configuration: check it against its records and itself, before any job is planned, and fill it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from uncloak.plan import checks
from uncloak.records import references
from uncloak.records.configuration import Configuration
from uncloak.records.faults import input_error
from uncloak.records.files import catalog, read_yaml, refuse_repeated_keys
from uncloak.records.filling import as_rules_know, fill
from uncloak.records.plain import plain, struck
from uncloak.records.shipped import check_begun

# Where a checkout keeps what there is, and what of it is run.
RECORDS, CONFIG = "resources/records", "config.yaml"


def read(config: Mapping) -> Configuration:
    """Return a configuration typed and filled: records that compute have a precision, experiments a method.

    config: plain mappings as from YAML. What is `null` is struck out: a record, or a key of one. It is not changed.

    Raises InputError, in one line, with the place and the reason of the first thing wrong and what to do about it.
    """
    try:
        tree = plain(config)
        check_begun(tree)
        fill(tree, struck(config))
        checked = Configuration.model_validate(tree)
        references.check(checked, struck(config))
        known = as_rules_know(tree)
        references.check_run(checked, *checks.needed(known))
        checks.check(known)
    except ValidationError as error:
        raise input_error(error) from None
    checked._mapping = known
    return checked


def complete(config: Mapping, checkout: str | os.PathLike, files: Iterable[str | os.PathLike] = ()) -> Configuration:
    """Read what somebody else has read from `files` and merged, over the records of a checkout; raises as `read` does.

    Raises InputError, too, where a file has a key twice, of which that reader has kept the last.
    """
    refuse_repeated_keys(files)
    return read(merged(catalog(Path(checkout, RECORDS)), config))


def merged(base: Mapping, overlay: Mapping) -> dict:
    """Return `base` with `overlay` merged over it: mappings key by key, at every depth; what else there is replaces."""
    result = dict(base)
    for key, value in overlay.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def load(checkout: str | os.PathLike, *overlays: str | os.PathLike) -> dict:
    """Return the plain configuration of a checkout, these files merged over it; see `read`.

    Raises InputError, in one line, where a file cannot be read or has a key twice.
    """
    config = merged(catalog(Path(checkout, RECORDS)), read_yaml(Path(checkout, CONFIG)))
    for path in overlays:
        config = merged(config, read_yaml(path))
    return config
