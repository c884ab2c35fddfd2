"""The audit's page, in a real browser where there is one: whole, quiet, and readable on every screen and on paper."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from audited import FOUND, findings, write_audit
from browser import browser

from uncloak.audit.page import page, tables, write_page
from uncloak.audit.page.findings import Findings, Question
from uncloak.errors import InputError

HOSTILE = [
    "</style><script>document.title='run'</script>.jpg",
    "<img src=x onerror=document.title='run'>.jpg",
    "\"'`;{{ 7 * 7 }}{% raw %}.jpg",
    "]]><svg onload=document.title='run'>.jpg",
    f"{'long' * 60}.jpg",
    "Zoë \u202egnp.jpg",
]
SECTIONS = ("answer", "models", "change", "visible", "pictures", "limits", "measured")


class Text(HTMLParser):
    """A page's elements and words, less its style and charts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self._inside = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag in ("style", "svg"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside:
            self.words.append(data)

    @property
    def said(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_audit(tmp_path_factory.mktemp("audit"))


@pytest.fixture(scope="module")
def text(files):
    return page(files)


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


def edited(files, tmp_path, name, edit):
    """Return the files, one of the tables changed."""
    table = pd.read_csv(files[name], keep_default_na=False, dtype=str)
    edit(table).to_csv(tmp_path / f"{name}.csv", index=False)
    return files | {name: tmp_path / f"{name}.csv"}


# What it says


def test_each_part_stands_in_its_order(text):
    assert re.findall(r'<section id="(\w+)"', text) == list(SECTIONS)


def test_the_answer_and_the_counts(text):
    said = Text(text).said
    for words in (
        "Does my cloak still protect me?",
        "Found by 2 of 3 models",
        "Found by 0 of 3 models",
        "up to 60 %",
        "found 3 of 4 *",
        "found 0 of 4",
        "1 model cannot tell",
        "Too few later pictures for a firm answer.",
        "no face found",
        "LFW, 3,000 pairs",
        "261 MB",
        "first of 2,875 people",
        "first of 5,749 people",
    ):
        assert words in said, words


def test_models_stand_from_the_oldest_to_the_newest(text):
    rows = re.search(r'<table class="models">.*?</table>', text, re.S)[0]
    labels = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', rows)
    assert labels == ["dlib ResNet", "FaceNet (VGGFace2)", "MobileFaceNet (MS1M)", "EdgeFace XS"]


def test_what_changes_it_counts_the_models_that_find_the_person(text):
    table = re.search(r"<tr><th scope=\"row\">5 pictures</th>(.*?)</tr>", text, re.S)[1]
    assert re.findall(r">(\d+ of \d+)<", table) == ["4 of 4", "16 of 16"] * 2


def test_a_clean_picture_without_a_cloaked_one_is_told(files, tmp_path, text):
    assert "no usable cloaked copy" not in text
    fewer = edited(files, tmp_path, "pictures", lambda t: t[~((t["pair"] == "p0") & (t["cloak"] == "lowkey"))])
    said = Text(page(fewer)).said
    assert said.count("1 posted picture had no usable cloaked copy and counts as posted without the cloak") == 1


def test_what_is_not_at_hand_is_told_where_there_is_some(files, tmp_path, text):
    said = Text(text).said
    assert "These models are not at hand" in said
    assert "1 model more that you would have to bring yourself" in said
    said = Text(page(edited(files, tmp_path, "offered", lambda table: table[:0]))).said
    assert "not at hand" not in said
    assert "bring yourself" not in said


def test_no_probes_or_no_cloak_say_nothing_for_a_cloak(tmp_path):
    none = {cloak: dict.fromkeys(found, 0) for cloak, found in FOUND.items()}
    said = Text(page(write_audit(tmp_path / "none", found=none, probes=0))).said
    assert said.count("Cannot be told") == 2
    assert "No later picture of you could be used" in said
    said = Text(page(write_audit(tmp_path / "alone", found={"none": FOUND["none"]}))).said
    assert "Nothing to compare" in said
    uncontrolled = {cloak: found for cloak, found in FOUND.items() if cloak != "none"}
    said = Text(page(write_audit(tmp_path / "uncontrolled", found=uncontrolled))).said
    assert "Found by 0" not in said
    assert "Found by 2 of 2 models" in said


def test_equal_audits_give_equal_pages_whole_or_not_at_all(files, tmp_path, text):
    write_page(files, tmp_path / "audit.html")
    assert (tmp_path / "audit.html").read_text(encoding="utf-8") == text
    broken = files | {"faces": tmp_path / "no.h5"}
    with pytest.raises(InputError):
        write_page(broken, tmp_path / "broken.html")
    assert [path.name for path in tmp_path.iterdir()] == ["audit.html"]


# What it is made of


def test_names_are_text(tmp_path, text):
    hostile = page(
        write_audit(tmp_path, name=HOSTILE[0], names=HOSTILE, labels=dict(zip(FOUND, HOSTILE, strict=False)))
    )
    plain, found = Text(text), Text(hostile)
    assert set(found.tags) <= set(plain.tags)
    assert "script" not in found.tags
    assert HOSTILE[0] in found.said
    assert "{{ 7 * 7 }}" in found.said


def test_it_has_no_script_and_names_no_other_place(text):
    assert "<script" not in text
    assert set(re.findall(r"(?:src|href)=\"(.{5})", text)) <= {"data:"} | {f"#{name}"[:5] for name in SECTIONS}
    assert set(re.findall(r"https?://[^\"\s]+", text)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("findings", lambda table: table[:0], "no rows"),
        ("findings", lambda table: table.assign(found="x"), "line 2: found 'x' is not a whole number"),
        ("findings", lambda table: table.assign(probes="2.5"), "probes '2.5' is not a whole number"),
        ("findings", lambda table: table.assign(surrogate="perhaps"), "'perhaps' is not a truth value"),
        ("findings", lambda table: pd.concat([table, table[:1]]), "says twice"),
        ("findings", lambda table: table.assign(found="9"), "no such count"),
        ("findings", lambda table: table.drop(columns="gallery"), "no column 'gallery'"),
        ("pictures", lambda table: table.assign(dssim="much"), "dssim 'much' is not a number"),
    ],
)
def test_broken_tables_are_one_line(files, tmp_path, name, edit, said):
    with pytest.raises(InputError, match=re.escape(said)) as told:
        page(edited(files, tmp_path, name, edit))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("about", "said"), [("{", "not JSON"), ('{"name": "a"}', "has no 'folders'")])
def test_a_broken_description_is_one_line(files, tmp_path, about, said):
    (tmp_path / "audit.json").write_text(about)
    with pytest.raises(InputError, match=re.escape(said)):
        page(files | {"about": tmp_path / "audit.json"})


def test_questions_and_the_one_answered_first(files):
    known = Findings(tables.typed(files["findings"], tables.FINDINGS))
    assert known.plain == Question(false_accept_rate=1e-3)
    assert [question.rank for question in known.questions] == [None, None, None, 1, 10, 1, 10]
    crowd = findings()
    crowd = Findings(crowd[crowd["setting"] == "closed"].assign(false_accept_rate=float("nan")))
    assert crowd.plain == Question(rank=1)


# As people see it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_browser_shows_it(tab, text, tmp_path, width, scheme):
    path = tmp_path / "audit.html"
    path.write_text(text, encoding="utf-8")
    tab.open(path, width, scheme=scheme)
    assert tab.log("browser") == []
    assert tab.requests() == [path.as_uri()]
    assert tab.run("return document.documentElement.scrollWidth") <= width
    charts = tab.run(
        "return [...document.querySelectorAll('.chart svg')].filter(svg => svg.getBoundingClientRect().width > 0)"
        ".map(svg => [svg.querySelectorAll('.mark-symbol.role-mark path').length, svg.getBoundingClientRect().right])"
    )
    [(marks, right)] = charts
    assert marks == 12  # four models, with no cloak and two
    assert right <= width
    broken = "return [...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert tab.run(broken) == 0
    assert tab.run("return document.images.length") == 24  # two cloaks, four pairs, three pictures each
    paper, ink = tab.run("const is = getComputedStyle(document.body); return [is.backgroundColor, is.color]")
    brightness = [sum(map(int, re.findall(r"\d+", color)[:3])) for color in (paper, ink)]
    assert (brightness[0] > brightness[1]) == (scheme == "light")


def test_every_word_is_readable(tab, text, tmp_path):
    """Contrast of at least 4.5 (WCAG AA) between each text and what lies behind it, in light and dark."""
    path = tmp_path / "audit.html"
    path.write_text(text, encoding="utf-8")
    for scheme in ("light", "dark"):
        tab.open(path, 1280, scheme=scheme)
        assert tab.run(CONTRASTS) == []


CONTRASTS = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const over = (colors) => {
  colors.forEach(color => { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); });
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const light = (rgb) => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (node) => {
  const colors = [];
  for (let at = node; at; at = at.parentElement) colors.unshift(getComputedStyle(at).backgroundColor);
  return over(["white", ...colors]);
};
const found = [];
for (const node of document.querySelectorAll("body *")) {
  if (![...node.childNodes].some(child => child.nodeType === 3 && child.data.trim())) continue;
  const style = getComputedStyle(node);
  const text = node.closest("svg") ? style.fill : style.color;
  const levels = [light(over(["white", text])), light(behind(node))].sort();
  const contrast = (levels[1] + 0.05) / (levels[0] + 0.05);
  if (contrast < 4.5) found.push([node.textContent.trim().slice(0, 40), contrast]);
}
return found;
"""


def test_names_of_any_length_fit_a_narrow_screen_and_run_nothing(tab, tmp_path):
    path = tmp_path / "audit.html"
    write_page(write_audit(tmp_path / "files", name=HOSTILE[4], names=HOSTILE, labels={"lowkey": HOSTILE[4]}), path)
    tab.open(path, 360)
    assert tab.log("browser") == []
    assert tab.run("return document.documentElement.scrollWidth") <= 360
    assert tab.run("return document.title").startswith("Does my cloak still protect me?")


def test_paper_is_white_and_shows_what_is_open(tab, text, tmp_path):
    path = tmp_path / "audit.html"
    path.write_text(text.replace("<details>", "<details open>", 1), encoding="utf-8")
    tab.open(path, 700, scheme="dark", media="print")
    assert tab.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    shown = "return [...document.querySelectorAll('details')].map(each => each.checkVisibility())"
    first, *others = tab.run(shown)
    assert first
    assert others
    assert not any(others)
    tab.printed(tmp_path / "audit.pdf")
    assert (tmp_path / "audit.pdf").read_bytes().startswith(b"%PDF")


def test_the_description_is_shown_as_people_write(files, tmp_path, text):
    about = json.loads(files["about"].read_text())
    (tmp_path / "audit.json").write_text(json.dumps(about | {"crowd": None}))
    said = Text(page(files | {"about": tmp_path / "audit.json"})).said
    assert "first of a crowd" in said
    assert "lowkey: LowKey, fawkes: Fawkes v1.0" in Text(text).said
