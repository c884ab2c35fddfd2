"""Saved figures: whole files that need nothing else, equal when written again, with captions that render."""

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import jinja2
import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from protection_tables import ATTACKS, protection_table

from uncloak.experiments.by_extractor.figure import protection_by_extractor
from uncloak.figures.page import page, vega
from uncloak.figures.saving import save

CAPTIONS = Path(__file__).resolve().parents[2] / "workflow" / "report"


class Scripts(HTMLParser):
    """What a browser takes for the scripts of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.found, self._open = [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._open = tag == "script"
        if self._open:
            self.found.append("")

    def handle_endtag(self, tag):
        self._open = False

    def handle_data(self, data):
        if self._open:
            self.found[-1] += data


@pytest.fixture(scope="module")
def script(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("script") / "vega.js"
    path.write_text(vega(), encoding="utf-8")
    return path


def test_saved_files_are_whole_offline_and_equal_when_written_again(tmp_path, script):
    table = protection_table()
    kinds = ("html", "svg", "png", "csv")
    written = []
    for run in ("a", "b"):
        chart = protection_by_extractor(table, list(ATTACKS), "Protection", "20 users, seed 7.")
        save(chart, table, *(tmp_path / run / f"figure.{kind}" for kind in kinds), script)
        written.append([(tmp_path / run / f"figure.{kind}").read_bytes() for kind in kinds])
        assert sorted(path.name for path in (tmp_path / run).iterdir()) == sorted(f"figure.{kind}" for kind in kinds)
    assert written[0] == written[1]
    html = written[0][0].decode()
    library, drawing = Scripts(html).found
    assert library.strip() == script.read_text(encoding="utf-8").strip()
    assert json.loads(drawing[drawing.index("{") : drawing.index(', {"mode"')]) == chart.to_dict()
    assert not re.search(r"<script[^>]+src=|<link[^>]+href=|@import", html)
    with Image.open(tmp_path / "a" / "figure.png") as picture:
        assert picture.width > 2 * 4 * 96
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a" / "figure.csv"), table, check_dtype=False)


def test_pictures_are_those_that_altair_saves_in_fewer_bytes_however_many_pixels(tmp_path, script, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    table = protection_table()
    chart = protection_by_extractor(table, list(ATTACKS), "Protection", "20 users, seed 7.")
    save(chart, table, *(tmp_path / f"figure.{kind}" for kind in ("html", "svg", "png", "csv")), script)
    vectors, pixels = io.StringIO(), io.BytesIO()
    chart.save(vectors, format="svg")
    chart.save(pixels, format="png", scale_factor=2)
    pixels.seek(0)
    assert (tmp_path / "figure.svg").read_text(encoding="utf-8") == vectors.getvalue()
    with PngImageFile(tmp_path / "figure.png") as picture, PngImageFile(pixels) as expected:
        assert picture.mode == expected.mode
        assert picture.tobytes() == expected.tobytes()
    assert (tmp_path / "figure.png").stat().st_size < 0.9 * len(pixels.getvalue())


def test_no_name_in_a_chart_can_end_the_script_of_its_page():
    names = ["</script><script>alert(1)</script>", "<!-- <script>", "a < b & c > d", "{vega}", "\u2028"]
    library, drawing = Scripts(page({"names": names}, "let vega")).found
    assert library.strip() == "let vega"
    assert json.loads(drawing[drawing.index("{") : drawing.index(', {"mode"')]) == {"names": names}


def test_a_failed_figure_leaves_nothing_behind(tmp_path, script):
    broken = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="no_such_column")
    with pytest.raises(ValueError, match="no_such_column"):
        save(broken, pd.DataFrame(), *(tmp_path / f"figure.{kind}" for kind in ("html", "svg", "png", "csv")), script)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("caption", sorted(CAPTIONS.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_render_as_snakemake_does(caption):
    params = {"caption": "**What does it say?** Dataset: drawn faces.\n\nDrawn by a program: no people."}
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    text = environment.from_string(caption.read_text()).render(snakemake={"params": params}, files=[])
    body = publish_parts(text, writer="html", settings_overrides={"halt_level": 2, "report_level": 2})["body"]
    if caption.stem != "workflow":
        assert "Drawn by a program" in body
        assert "drawn faces" in body
