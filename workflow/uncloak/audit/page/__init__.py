"""The audit's one page: an HTML file that needs nothing beside it, runs no script, and asks no network for anything.

It holds pictures of the person's face, so whoever has the page has them. Names of files and cloaks are people's own:
everything that is put into the page is escaped, and the page forbids scripts and requests of itself.
"""

import colorsys
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd

from uncloak.audit.page import charts, tables, words
from uncloak.audit.page.findings import NONE, Findings
from uncloak.audit.page.shown import STRONGER, visible
from uncloak.audit.verdict import ENOUGH_PROBES, Answer, answer
from uncloak.errors import InputError
from uncloak.files import check_readable
from uncloak.writing import atomic

_ABOUT = ("name", "folders", "channels", "defenses", "options", "crowd", "seed", "versions")
_DIMMEST = 0.62  # the least lightness (HLS) that a cloak's color has on dark paper
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "percent": words.percent,
    "interval": words.interval,
    "size": words.size,
    "how_to_have": words.how_to_have,
    "number": words.number,
    "plain": words.plain,
}


def write_page(files: Mapping[str, str | os.PathLike], path: str | os.PathLike):
    """Write the page of an audit, whole or not at all; equal files give equal bytes.

    files: `findings`, `pictures`, `extractors`, `offered` (CSV, columns in `uncloak.audit.page.tables`), `faces`
        (`uncloak.audit.page.shown.visible`), and `about` (JSON, `uncloak.audit.reporting.about`).

    Raises InputError where a file is missing or is not what it should be.
    """
    text = page(files)
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def page(files: Mapping[str, str | os.PathLike]) -> str:
    """Return the page of an audit; files and errors as for `write_page`."""
    about = _about(files["about"])
    findings = Findings(tables.typed(files["findings"], tables.FINDINGS))
    pictures = tables.typed(files["pictures"], tables.PICTURES)
    labels = _labels(findings, about)
    colors = charts.colors(findings.cloaks)
    return _TEMPLATES.get_template("page.html.j2").render(
        about=about,
        unpaired=_unpaired(pictures, findings.cloaks),
        findings=findings,
        label=labels,
        NONE=NONE,
        changed=_changed(findings, labels, about["crowd"]),
        series=list(zip([NONE, *findings.cloaks], colors, map(_light, colors), strict=True)),
        wide=charts.found_chart(findings, labels, charts.WIDE),
        narrow=charts.found_chart(findings, labels, charts.NARROW),
        visible=visible(pictures, files["faces"], findings.cloaks),
        stronger=STRONGER,
        pictures=pictures,
        extractors=tables.oldest_first(tables.typed(files["extractors"], tables.EXTRACTORS), "label"),
        offered=tables.oldest_first(tables.typed(files["offered"], tables.OFFERED), "label"),
        words=words,
        answer=answer,
        Answer=Answer,
        enough=ENOUGH_PROBES,
    )


def _about(path: str | os.PathLike) -> dict:
    check_readable(path)
    try:
        about = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); delete it and run again") from None
    missing = [name for name in _ABOUT if not isinstance(about, dict) or name not in about]
    if missing:
        raise InputError(f"{path}: has no '{missing[0]}'; delete it and run again")
    return about


def _labels(findings: Findings, about: Mapping) -> dict[str, str]:
    """Return what to call each cloak and treatment: a folder by its own name, the rest as their records do."""
    told = {**about["folders"]["cloaked"], **about["channels"], **about["defenses"]}
    names = [*findings.cloaks, *findings.treatments]
    return {name: told.get(name) or name for name in names} | {NONE: "No cloak"}


def _unpaired(pictures: pd.DataFrame, cloaks: Sequence[str]) -> dict[str, int]:
    """Return how many clean pictures of the gallery have no cloaked one, for the cloaks where some have none."""
    gallery = pictures[pictures["part"] == "gallery"]
    posted = pictures[pictures["part"] == "posted"]
    missing = {cloak: ~gallery["pair"].isin(posted.loc[posted["cloak"] == cloak, "pair"]) for cloak in cloaks}
    return {cloak: int(without.sum()) for cloak, without in missing.items() if without.any()}


def _changed(findings: Findings, labels: Mapping[str, str], crowd: Mapping | None) -> dict[str, list[tuple[str, dict]]]:
    """Return what may change the answer: by kind, what it is called and how `Findings` is asked for it."""
    people = crowd["people"] if crowd else None
    questions = [(words.asked(question, people), {"question": question}) for question in findings.questions]
    return {
        "unprotected": [(words.without_cloak(count), {"unprotected": count}) for count in findings.unprotected],
        "treatments": [
            ("as posted" if name == NONE else labels[name], {"treatment": name}) for name in findings.treatments
        ],
        "thresholds": [asked for asked in questions if asked[1]["question"].false_accept_rate],
        "crowd": [asked for asked in questions if asked[1]["question"].rank],
    }


def _light(color: str) -> str:
    """Return the color (hex) as light as it must be on dark paper."""
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    lit = colorsys.hls_to_rgb(hue, max(lightness, _DIMMEST), saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in lit)
