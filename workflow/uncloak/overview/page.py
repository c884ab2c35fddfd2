"""The page itself: an HTML file that needs nothing beside it and asks no network for anything.

Snakemake's report puts it, as it is, into its own page (workflow/report/workflow.rst): everything in it is a part of
one element, whose style is for that element alone. Names are people's own: all that is put into the page is escaped.
"""

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd
from docutils.core import publish_parts

from uncloak.figures.rates import percent
from uncloak.files import check_readable
from uncloak.overview import answer, claimed
from uncloak.tables import read_table
from uncloak.writing import atomic

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["percent"] = percent
# Captions have labels in them, which are people's own: such text reads no file and says nothing raw.
_PLAIN_TEXT = {"file_insertion_enabled": False, "raw_enabled": False, "report_level": 5, "halt_level": 5}


def write_page(
    files: Mapping[str, Sequence[str]], words: Mapping, provenance: pd.DataFrame, path: str | os.PathLike
) -> None:
    """Write the page of a run, whole or not at all.

    Args:
        files: `figures` (SVG), `rates` and `claims` (tables as `uncloak.overview.answer` and `.claimed` take them).
        words: `figures`, for each of the files its `page` (a path below this folder), `title`, `category` and `caption`
            (reStructuredText); `rates`, for each of them the dataset's label, and `about_rates`, sentences on their
            extractors; `datasets`, `extractors` and `attacks`, the labels of all that was run; `notes` on the datasets.
        provenance: what `uncloak.overview.provenance.provenance` returned.
        path: of the page.

    Raises InputError where a file is missing or damaged.
    """
    text = _TEMPLATES.get_template("page.html.j2").render(
        figures=[
            {**about, "picture": _picture(svg), "caption": _caption(about["caption"]), "link": _link(about, path)}
            for svg, about in zip(files.get("figures", []), words["figures"], strict=True)
        ],
        answers={
            label: answer.answers(read_table(table, *answer.COLUMNS))
            for table, label in zip(files.get("rates", []), words["rates"], strict=True)
        },
        claims=[
            claim
            for table in files.get("claims", [])
            for claim in claimed.claims(read_table(table, *claimed.COLUMNS, gaps=claimed.GAPS))
        ],
        words=words,
        parts=_parts(provenance),
    )
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _picture(svg: str | os.PathLike) -> str:
    """Return a picture as an address that holds it: apart from the page, whose names its own would meet."""
    check_readable(svg)
    return f"data:image/svg+xml;base64,{base64.b64encode(Path(svg).read_bytes()).decode()}"


def _caption(text: str) -> str:
    return publish_parts(text, writer="html5", settings_overrides=_PLAIN_TEXT)["body"]


def _link(about: Mapping, path: str | os.PathLike) -> str:
    return Path(os.path.relpath(about["page"], Path(path).parent)).as_posix()


def _parts(provenance: pd.DataFrame) -> dict[str, tuple[list[str], dict[str, dict[str, str]]]]:
    """Return each part of a provenance table as what its columns are called, and its rows by name."""
    found = {}
    for part, facts in provenance.groupby("part", sort=False):
        rows = {
            name: dict(zip(own["what"], own["value"], strict=True)) for name, own in facts.groupby("name", sort=False)
        }
        found[part] = (list(dict.fromkeys(facts["what"])), rows)
    return found
