"""The pages hold what the code and README promise of them. (Their links are checked where the site is built.)"""

import re
from pathlib import Path

import pytest
import yaml
from configurations import configuration

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("add/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
SECTION = r"\d(?:\.\d)?"
CITATION = re.compile(rf"attacks\.md\s+({SECTION}(?:(?:,\s+|\s+and\s+){SECTION})*)")


def name_of(page):
    return str(page.relative_to(ROOT))


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def citations():
    """Section of the specification -> the files that cite it."""
    found = {}
    for folder in ("workflow", "tests", "resources"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".smk", ".yaml", ".md"):
                for cited in CITATION.findall(path.read_text(encoding="utf-8")):
                    for section in re.findall(SECTION, cited):
                        found.setdefault(section, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_section_that_the_code_cites_exists():
    headings = re.findall(rf"^#+ ({SECTION})\.? ", (DOCS / "attacks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headings) == len(set(headings))
    cited = citations()
    assert len(cited) > 20
    assert {section: files for section, files in cited.items() if section not in headings} == {}


def test_readme_is_short():
    assert len(lines(ROOT / "README.md")) <= 120


def rows(page):
    """Cells of every row of the page's tables, by the first."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines(page) if line.startswith("|")]
    return {first: others for first, *others in cells}


def test_readme_shows_the_rates_of_the_results():
    shown, measured = rows(ROOT / "README.md"), rows(DOCS / "results.md")
    both = [label for label in shown if re.search(r", 20\d\d$", label)]
    assert len(both) > 5
    # README leaves out the mixture.
    assert {label: shown[label] for label in both} == {
        label: measured[label][:3] + measured[label][4:] for label in both
    }


@pytest.mark.parametrize("page", sorted(DOCS.glob("add/*.md")), ids=name_of)
def test_pages_of_additions_are_short(page):
    assert len(lines(page)) <= 60


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_of_records_pass_the_checks(page):
    text = page.read_text(encoding="utf-8")
    under = ["resources/worlds/lfw.yaml"] if "resources/worlds/lfw.yaml" in text else []
    for example in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        configuration(*under, yaml.safe_load(example.replace("64 hexadecimal digits", "0" * 64)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_files_named_in_pages_exist(page):
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", text)
    assert [path for path in linked if not (page.parent / path).exists()] == []
    named = re.findall(r"`((?:workflow|tests|docs|envs|profiles|resources/(?!data|weights)|\.ci)[\w./-]*)`", text)
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


def holds(path, rest):
    """Whether a package or module of the library, without its ending, has what the other parts of a dotted name say."""
    if rest and (path / rest[0]).is_dir():
        return holds(path / rest[0], rest[1:])
    if rest and (path / f"{rest[0]}.py").is_file():
        path, rest = path / f"{rest[0]}.py", rest[1:]
    else:
        path = path / "__init__.py"
    return path.is_file() and (not rest or re.search(rf"\b{rest[0]}\b", path.read_text(encoding="utf-8")) is not None)


@pytest.mark.parametrize("folder", ["workflow", "docs"])
def test_modules_and_functions_that_texts_name_exist(folder):
    texts = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".smk", ".rst", ".md")]
    found = {
        (name_of(path), named)
        for path in texts
        for named in re.findall(r"`uncloak\.([\w.]*\w)`", path.read_text(encoding="utf-8"))
    }
    assert found
    assert sorted(pair for pair in found if not holds(ROOT / "workflow" / "uncloak", pair[1].split("."))) == []


@pytest.mark.parametrize("path", [*PAGES, *sorted((ROOT / "resources").rglob("*.yaml"))], ids=name_of)
def test_targets_stand_before_overlays(path):
    """`--configfile` takes every word after it for a file."""
    for command in re.split(r"[`\n]", path.read_text(encoding="utf-8").replace("\\\n", " ")):
        if "snakemake" in command and "--configfile" in command:
            words = command.split("--configfile")[1].split("--")[0].replace("#", " ").split()
            assert words, command
            assert [word for word in words if not word.endswith(".yaml")] == [], command
