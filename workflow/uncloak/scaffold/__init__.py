"""Write the first files of an attack, an extractor, a defense or an experiment: small ones that work, to be changed.

The files of a kind are copies of those in `templates/KIND`, which lie there as they will in a checkout: a module, a
record in an overlay (an experiment's folder needs none), and a test. NAME stands for the name, in paths and in texts;
TODAY for the date.
"""

import re
import shutil
from datetime import date
from keyword import iskeyword
from pathlib import Path
from typing import NamedTuple

from uncloak import configuration, paths
from uncloak.errors import InputError
from uncloak.records.files import catalog

_TEMPLATES = Path(__file__).parent / "templates"


class _Kind(NamedTuple):
    """Where modules of a kind lie in the library, how its records are called, and the figure to look at."""

    folder: str
    records: str
    figure: str


_KINDS = {
    "attack": _Kind("attacks/methods", "attacks", "NAME_by_extractor"),
    "extractor": _Kind("extractors/networks", "extractors", "NAME_by_extractor"),
    "defense": _Kind("defenses", "defenses", "defenses"),
    "experiment": _Kind("experiments", "experiments", "NAME"),
}
KINDS = tuple(_KINDS)
_OVERLAY = "resources/worlds/NAME.yaml"


def new(checkout: Path, kind: str, name: str) -> list[str]:
    """Write the files of something new, and return their paths in the checkout.

    Args:
        checkout: the folder of config.yaml, in which this library lies.
        kind: one of `KINDS`.
        name: of the module, the record and the test.

    Raises InputError where the name cannot be one, something is called so already, or the configuration cannot be read
    with the new record; then nothing is written.
    """
    if not (checkout / configuration.CONFIG).is_file():
        raise InputError(f"{checkout}: is no checkout of Uncloak; clone the repository and run it there")
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or iskeyword(name):
        raise InputError(f"'{name}' cannot name a module; take small letters, digits and _, a letter first")
    texts = _texts(kind, name)
    _refuse_taken(checkout, kind, name, list(texts))
    try:
        for path, text in texts.items():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(text, encoding="utf-8")
        configuration.read(configuration.load(checkout, *(checkout / path for path in texts if path.endswith(".yaml"))))
    except InputError:
        for path in texts:
            (checkout / path).unlink(missing_ok=True)
        shutil.rmtree(checkout / "workflow/uncloak" / _KINDS[kind].folder / name, ignore_errors=True)
        raise
    return list(texts)


def next_steps(kind: str, name: str) -> list[str]:
    """Return what to run and read next, a line each: the test, a plan, the configuration's reference anew, a page."""
    overlay = _named(_OVERLAY, name)
    with_record = f" --configfile {overlay}" if overlay in _texts(kind, name) else ""
    figure = _named(paths.fill(paths.FIGURE, dataset="synthetic", experiment=_KINDS[kind].figure, kind="html"), name)
    return [
        f"uv run pytest -n0 tests/{_KINDS[kind].records}/test_{name}.py",
        f"uv run snakemake -n {figure}{with_record}",
        "uv run python -m uncloak.records",
        f"docs/add/{kind}.md",
    ]


def _named(text: str, name: str) -> str:
    return text.replace("NAME", name)


def _texts(kind: str, name: str) -> dict[str, str]:
    """Path in a checkout -> text, of all files of a kind."""
    folder, today = _TEMPLATES / kind, date.today().isoformat()
    return {
        _named(path.relative_to(folder).as_posix(), name): _named(path.read_text(encoding="utf-8"), name).replace(
            "TODAY", today
        )
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".rst", ".yaml")
    }


def _refuse_taken(checkout: Path, kind: str, name: str, paths: list[str]) -> None:
    place = _KINDS[kind]
    folder = checkout / "workflow/uncloak" / place.folder
    wanted = [folder / name, folder / f"{name}.py", *(checkout / path for path in paths)]
    taken = [path.relative_to(checkout).as_posix() for path in wanted if path.exists()]
    if name in catalog(checkout / configuration.RECORDS).get(place.records, {}):
        taken.append(f"{configuration.RECORDS}: {place.records}.{name}")
    if taken:
        raise InputError(f"{taken[0]}: is there already; take another name")
