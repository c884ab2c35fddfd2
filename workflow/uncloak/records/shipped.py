"""Which of the overlays that come with this project has a record: one that goes over another is nothing without it."""

from collections.abc import Mapping
from pathlib import Path

from uncloak.errors import InputError
from uncloak.folders import reachable
from uncloak.records.files import read_yaml

_WORLDS = "resources/worlds"
# The key that says of which kind a record is: what has none changes another's record.
_KEYS = {"datasets": "source", "extractors": "recipe", "attacks": "method"}


def check_begun(config: Mapping) -> None:
    """Raise InputError where a plain configuration changes a record that only an overlay has which is not given."""
    for kind, key in _KEYS.items():
        records = config.get(kind)
        for name, record in records.items() if isinstance(records, Mapping) else ():
            if isinstance(record, Mapping) and key not in record and (mend := advice(kind, name)):
                raise InputError(f"config: {kind}.{name}: is changed, but nothing has it; {mend}")


def advice(kind: str, name: str) -> str:
    """Return which overlays to give before, so that a record is there; empty where none of them has it."""
    paths = sorted(Path(reachable(_WORLDS)).glob("*.yaml"))
    having = [f"{_WORLDS}/{path.name}" for path in paths if _has(path, kind, name)]
    return f"give {' or '.join(having)}, where it is, first" if having else ""


def _has(path: Path, kind: str, name: str) -> bool:
    records = read_yaml(path).get(kind)
    record = records.get(name) if isinstance(records, Mapping) else None
    return isinstance(record, Mapping) and _KEYS.get(kind) in record
