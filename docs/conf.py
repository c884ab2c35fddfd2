"""How these pages become a site: `uv run --group docs sphinx-build -W docs docs/_build`."""

import os
import re
import tomllib
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Pages of the site that are files elsewhere in the repository, where people look for them.
ELSEWHERE = {
    DOCS / "changelog.md": ROOT / "CHANGELOG.md",
    DOCS / "contributing.md": ROOT / "CONTRIBUTING.md",
    DOCS / "resources.md": ROOT / "resources" / "README.md",
}
PAGE_OF = {file: page for page, file in ELSEWHERE.items()}

project = "Uncloak"
author = "The Uncloak developers"
release = PROJECT["version"]
html_title = f"{project} {release}"

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["uncloak.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_math_renderer = "mathml"


def formula(block):
    """Return a writer of formulas as MathML, which browsers draw by themselves: the site loads no script for it."""

    def write(writer, node):
        writer.body.append(tex2mathml(node.astext(), as_block=block))
        raise nodes.SkipNode

    return write, None


def read(app, name, source):
    """Bring links, which lead through the repository, to the pages of the site; and pages that are files elsewhere."""
    page = DOCS / f"{name}.md"
    file = ELSEWHERE.get(page, page)
    if file is not page:
        app.env.note_dependency(file)
        source[0] = file.read_text(encoding="utf-8")

    def lead(link):
        path, place = re.fullmatch(r"([^#]*)(.*)", link[1]).groups()
        there = (file.parent / path).resolve()
        return f"]({os.path.relpath(PAGE_OF.get(there, there), page.parent)}{place})"

    source[0] = re.sub(r"\]\((?![a-z]+:|#)([^)\s]+)\)", lead, source[0])


def setup(app):
    app.add_html_math_renderer("mathml", formula(False), formula(True))
    app.connect("source-read", read)
