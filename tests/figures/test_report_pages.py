"""What the test of the report looks for is found: each fault of a page by itself."""

import pytest
from browser import browser
from report_pages import faults

from uncloak.figures.page import page, vega

CHART = {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x", "type": "quantitative"}}}
BROKEN = """<body><div id="chart"></div><script>{}</script></body>"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def script():
    return vega()


def said(tab, folder, text, **how):
    (folder / "page.html").write_text(text, encoding="utf-8")
    return faults(tab, folder / "page.html", **how)


def test_a_whole_chart_has_no_fault(tab, script, tmp_path):
    assert said(tab, tmp_path, page(CHART, script)) == []


def test_a_chart_without_marks_is_empty(tab, script, tmp_path):
    assert said(tab, tmp_path, page(CHART | {"data": {"values": []}}, script)) == ["an empty chart"]


def test_a_chart_that_cannot_be_drawn_is_an_error(tab, script, tmp_path):
    [empty, error] = said(tab, tmp_path, page(CHART | {"mark": "no such mark"}, script))
    assert (empty, error[:8]) == ("an empty chart", "an error")


def test_errors_and_requests_are_told(tab, tmp_path):
    [error] = said(tab, tmp_path, BROKEN.format("console.error('broken')"), chart=False)
    assert "broken" in error
    reaching = '<script>new Image().src = "http://127.0.0.1:9/a.png"</script>'
    assert "asks http://127.0.0.1:9/a.png" in said(tab, tmp_path, reaching, chart=False)
