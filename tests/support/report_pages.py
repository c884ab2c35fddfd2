"""What is wrong with a page of a report as a browser shows it: errors, empty charts, and a reach for the network."""

import time
from pathlib import Path

from browser import Browser

_SECONDS = 20
# Drawn marks that can be seen; axes, titles and legends are none.
_MARKS = """
const marks = [...document.querySelectorAll("#chart svg .role-mark > *")];
return marks.filter(mark => { const box = mark.getBBox(); return box.width + box.height > 0; }).length;
"""


def faults(tab: Browser, page: Path, chart: bool = True) -> list[str]:
    """Open a page and return what is wrong with it, a line each; `chart`: it is a figure's, which has marks."""
    tab.open(page)
    found = ["an empty chart"] if chart and not _comes(tab, _MARKS) else []
    return found + quiet(tab)


def quiet(tab: Browser) -> list[str]:
    """Return what the page that is open logged as errors, and asked of the network, since this was last asked."""
    errors = [f"an error: {message}" for message in tab.log("browser", "SEVERE")]
    return errors + [f"asks {url}" for url in tab.requests() if not url.startswith(("file:", "about:", "blob:"))]


def _comes(tab: Browser, script: str) -> object:
    """Return what a script returns once it is true, or what it returns in the end."""
    end = time.monotonic() + _SECONDS
    while not (answer := tab.run(script)) and time.monotonic() < end and not tab.run(_SETTLED):
        time.sleep(0.05)
    return answer or tab.run(script)


# Whether the chart has been drawn, with marks or without.
_SETTLED = """return !!document.querySelector("#chart svg")"""
