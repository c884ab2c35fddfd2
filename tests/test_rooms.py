"""The rooms of the library stand on each other: no import runs upwards."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "workflow" / "uncloak"
# From the ground up: a module may import from its own room and from those before it. The ground is the modules that
# lie in the package itself, less those of a run.
ORDER = (
    *("ground", "fetchers", "layouts", "records", "figures", "pictures", "drawn", "extractors", "attacks", "exchange"),
    *(
        "recognition",
        "visibility",
        "defenses",
        "transfer",
        "games",
        "claims",
        "audit",
        "overview",
        "run",
        "experiments",
        "scaffold",
    ),
)
# What a run is made of: it plans the rooms' work by their names alone. Only experiments may ask it what there is to do.
RUN = {"computing", "configuration", "jobs", "opening", "plan"}


def room(module: str) -> str:
    """Return where a module stands, `module` being its name below the package."""
    first = module.split(".")[0]
    if first in RUN:
        return "run"
    if first == "__main__":
        return "scaffold"
    return first if (PACKAGE / first).is_dir() else "ground"


def imported(source: str) -> Iterator[str]:
    """Yield the names, below the package, of what a source imports from it, at the top or in a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("uncloak.") for name in names if name.startswith("uncloak."))


def edges() -> set[tuple[str, str, str]]:
    """Return (room, room that it imports from, and which module imports what)."""
    return {
        (room(module), room(name), f"{module} imports {name}")
        for path in PACKAGE.rglob("*.py")
        for module in [".".join(path.relative_to(PACKAGE).with_suffix("").parts)]
        for name in imported(path.read_text(encoding="utf-8"))
    }


def test_no_import_runs_upwards():
    found = edges()
    unknown = {name for edge in found for name in edge[:2]} - set(ORDER)
    assert not unknown, "give each room its place in the order"
    assert not sorted(said for above, below, said in found if ORDER.index(below) > ORDER.index(above))


def test_records_and_the_plan_know_no_room_but_by_name():
    assert {below for above, below, _ in edges() if above in ("records", "run")} <= {
        "ground",
        "fetchers",
        "layouts",
        "records",
        "run",
    }


def test_imports_are_seen_wherever_they_stand():
    source = """
import os, uncloak.store
from uncloak import tables
from uncloak.pictures.split import USER
def late():
    from uncloak.attacks import mixture
"""
    assert set(imported(source)) == {"store", "tables", "pictures.split.USER", "attacks.mixture"}
    assert [room(name) for name in ("store", "plan.attacks", "attacks.mixture")] == ["ground", "run", "attacks"]


def test_the_library_knows_nothing_of_snakemake():
    library = list(PACKAGE.rglob("*.py"))
    assert library
    assert [path.name for path in library if re.search(r"^\s*(import|from) snakemake", path.read_text(), re.M)] == []
