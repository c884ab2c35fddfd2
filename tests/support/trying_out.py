"""What becomes of an overlay: planned, refused in one line, or refused by Snakemake, which reads it first."""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from configurations import ROOT, at, plan
from mutations import Mutant
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config
from snakemake_interface_common.exceptions import WorkflowError

from uncloak.configuration import CONFIG, complete, load, merged
from uncloak.errors import InputError

# So long that a terminal's window holds it.
_LONGEST = 1000


@dataclass(frozen=True)
class Planned:
    """It is a configuration, and its jobs are planned."""


@dataclass(frozen=True)
class Silent:
    """It is wrong, and planned nevertheless."""


@dataclass(frozen=True)
class Unread:
    """Snakemake itself cannot read the file; `line` is what it says, or the name of its error."""

    line: str


@dataclass(frozen=True)
class Refused:
    """`line` refuses it, which with the default is `config`."""

    line: str
    config: Mapping = field(repr=False)

    def faults(self) -> list[str]:
        """Return what is wrong with the line."""
        return [
            fault
            for fault, there in {
                "more than one line, or characters that cannot be shown": not self.line.isprintable(),
                "longer than a screen": len(self.line) > _LONGEST,
                "no place": not re.match(r"(config|audit|/[^:]*): \S", self.line),
                "no advice": "; " not in self.line,
            }.items()
            if there
        ]


def try_out(mutant: Mutant, folder: Path) -> Planned | Silent | Unread | Refused:
    """Read an overlay as Snakemake does, check it as the Snakefile does, and plan it.

    Raises whatever else than InputError comes of that.
    """
    path = folder / "overlay.yaml"
    path.write_bytes(mutant.content)
    config = copy.deepcopy(_as_snakemake_reads_it())
    try:
        update_config(config, load_configfile(path))
    except (WorkflowError, RecursionError, UnicodeDecodeError) as error:
        return Unread(" ".join(str(error).split()) if isinstance(error, WorkflowError) else type(error).__name__)
    try:
        plan(complete(config, ROOT, [path]).as_mapping())
    except InputError as error:
        return Refused(str(error), config)
    return Silent() if mutant.wrong else Planned()


@cache
def _as_snakemake_reads_it() -> dict:
    return load_configfile(ROOT / CONFIG)


def refusal(config: Mapping) -> str:
    """Return the line that refuses a configuration over the default's records; empty where it is planned."""
    try:
        plan(complete(config, ROOT).as_mapping())
    except InputError as error:
        return str(error)
    return ""


def followed(refused: Refused) -> dict | None:
    """Do what a line says in words that a program can follow; None where it says none."""
    match = re.match(r"config: (top level|\S+): (.*?); (.*)$", refused.line)
    if not match:
        return None
    config = merged(load(ROOT), copy.deepcopy(dict(refused.config)))
    place, reason, advice = match.groups()
    path = tuple(int(key) if key.isdecimal() else key for key in place.split(".")) if place != "top level" else ()
    try:
        value = at(config, path)
        parent = at(config, path[:-1]) if path else None
    except (KeyError, IndexError, TypeError):
        return None
    unknown = re.fullmatch(r"there is no key '(.*)'", reason)
    if unknown and isinstance(value, dict) and (near := re.match(r"do you mean '(.*)'\?", advice)):
        value[near[1]] = value.pop(unknown[1])
    elif isinstance(value, dict) and (gone := re.search(r"in an overlay: `(\w+): null`", advice)):
        value[gone[1]] = None
    elif parent is not None and (bound := re.match(r"it must be (at least|at most|above|below) (\S+)$", advice)):
        whole = isinstance(value, int) and "." not in bound[2]
        step = {"at least": 0, "at most": 0, "above": 1, "below": -1}[bound[1]]
        parent[path[-1]] = int(bound[2]) + step if whole else float(bound[2]) + step / 2
    elif parent is not None and isinstance(value, str) and (near := re.match(r"do you mean '(.*)'\?", advice)):
        parent[path[-1]] = near[1]
    elif isinstance(value, list) and (near := re.match(r"do you mean '(.*)'\?", advice)):
        nobody = re.search(r"there is no [a-z ]+ '(.*?)'", reason)[1]
        parent[path[-1]] = [near[1] if each == nobody else each for each in value]
    elif isinstance(value, list) and re.match(r"'(.*)' stands twice", reason):
        parent[path[-1]] = [*dict.fromkeys(value)]
    elif parent is not None and re.search("put it in quotes", advice) and not isinstance(value, dict | list):
        parent[path[-1]] = str(value)
    else:
        return None
    return config
