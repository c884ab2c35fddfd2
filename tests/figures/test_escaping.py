"""People and pictures may be called anything: no name runs a script in a figure's page, picture or report."""

import json
import shutil
import subprocess
import xml.etree.ElementTree
from html.parser import HTMLParser

import altair as alt
import numpy as np
import pandas as pd
import pytest

from uncloak.experiments.pictures.figure import picture_sample
from uncloak.figures.escaping import json_for_script
from uncloak.figures.page import vega
from uncloak.figures.saving import save

NAMES = [
    "</script><script>document.title='run'</script>",
    "</SCRIPT ><img src=x onerror=document.title='run'>",
    "<!--<script>",
    "]]><script>document.title='run'</script>",
    "\"'`;document.title='run';//",
    "Zoë & Söhne < 7 \u2028 >",
]


class Page(HTMLParser):
    """The elements of a page as a browser reads it, and what its scripts hold."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "script":
            self.scripts.append(data)


def sample(names):
    pictures = np.array([f"{name.replace('/', '∕')}/1" for name in names])
    random = np.random.default_rng(1)
    photographs = [random.integers(0, 256, (40, 40, 3), dtype=np.uint8) for _ in names]
    landmarks = np.full((len(names), 5, 2), 20.0)
    faces = random.integers(0, 256, (len(names), 16, 16, 3), dtype=np.uint8)
    return picture_sample(pictures, photographs, landmarks, faces, names[0], names[1])


def chart(names):
    table = pd.DataFrame({"name": names, "y": range(len(names))})
    return alt.Chart(table, title=names).mark_bar().encode(x="name:N", y="y:Q", color="name:N", tooltip=["name", "y"])


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("script") / "vega.js"
    path.write_text(vega(), encoding="utf-8")
    return path


@pytest.fixture(params=[chart, sample], ids=["chart", "pictures"])
def saved(tmp_path, request, script):
    def draw(names, folder):
        files = {kind: tmp_path / folder / f"figure.{kind}" for kind in ("html", "svg", "png", "csv")}
        save(request.param(names), pd.DataFrame({"name": names}), **files, vega=script)
        return files

    return draw


@pytest.mark.parametrize("value", [NAMES, {name: [name] for name in NAMES}, NAMES[0], [1.5, None, True]])
def test_json_for_a_page_is_the_same_values_without_tags(value):
    text = json_for_script(value)
    assert json.loads(text) == value
    assert "<" not in text


def test_names_make_no_elements_in_a_page(saved):
    plain, hostile = (
        Page(saved(names, folder)["html"].read_text(encoding="utf-8"))
        for names, folder in ((["a", "b", "c", "d", "e", "f"], "plain"), (NAMES, "hostile"))
    )
    assert hostile.tags == plain.tags
    assert len(hostile.scripts) == len(plain.scripts)


def test_names_make_no_elements_in_a_vector_picture(saved):
    tags = [
        {element.tag for element in xml.etree.ElementTree.parse(saved(names, folder)["svg"]).iter()}
        for names, folder in ((["a", "b", "c", "d", "e", "f"], "plain"), (NAMES, "hostile"))
    ]
    assert not any(tag.endswith(("script", "foreignObject")) for tag in tags[1])
    assert tags[1] <= tags[0] | {f"{{http://www.w3.org/2000/svg}}{name}" for name in ("tspan", "g", "path")}


@pytest.mark.slow
def test_no_name_is_run_by_a_browser(saved, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("needs Chromium")
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    switches += ["--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=8000"]
    for kind, path in saved(NAMES, "hostile").items():
        if kind in ("html", "svg"):
            done = subprocess.run(
                [browser, *switches, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120
            )
            assert "<svg" in done.stdout, done.stderr
            assert "<title>run" not in done.stdout
