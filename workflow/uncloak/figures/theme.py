"""How every figure looks: one Altair configuration, and one color and marker per attack, the same in all figures.

The colors are from Okabe and Ito's palette (Color Universal Design, 2008), which color-blind readers can tell apart;
markers differ too, so that figures survive a gray printer.
"""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import altair as alt

INK = "#222222"
QUIET_INK = "#595959"
GRID = "#e4e4e4"
PAPER = "#ffffff"

TEXT_SIZE = 12
LABEL_SIZE = 11
# The mean width of a letter of TEXT_SIZE.
POINTS_PER_LETTER = 5.9


class Style(NamedTuple):
    """A series' color (hex) and Vega marker shape."""

    color: str
    shape: str


_ATTACKS = {
    "none": Style("#7f7f7f", "circle"),
    "fawkes_v03": Style("#0072b2", "triangle-up"),
    "fawkes_v10": Style("#d55e00", "square"),
    "fawkes_half": Style("#009e73", "diamond"),
    "lowkey": Style("#aa4499", "triangle-down"),
}
_HEXAGON = "M-0.5,0.87L0.5,0.87L1,0L0.5,-0.87L-0.5,-0.87L-1,0Z"
_STAR = "M0,-1.1L0.29,-0.4L1.05,-0.34L0.47,0.15L0.65,0.89L0,0.49L-0.65,0.89L-0.47,0.15L-1.05,-0.34L-0.29,-0.4Z"
_HOURGLASS = "M-0.8,-0.9L0.8,-0.9L-0.8,0.9L0.8,0.9Z"
_BAR = "M-0.4,-1L0.4,-1L0.4,1L-0.4,1Z"
_SLANT = "M-0.9,0.8L-0.3,-0.8L0.9,-0.8L0.3,0.8Z"
_OTHERS = (
    Style("#56b4e9", "cross"),
    Style("#b8860b", "triangle-right"),
    Style("#000000", "triangle-left"),
    Style("#882255", _HEXAGON),
    Style("#44aa99", _STAR),
    Style("#332288", _HOURGLASS),
    Style("#e69f00", _BAR),
    Style("#5f9e1f", _SLANT),
)

FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
_CONFIG = {
    "background": PAPER,
    "font": FONT,
    "padding": 14,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": TEXT_SIZE,
        "labelColor": INK,
        "titleFontSize": TEXT_SIZE,
        "titleFontWeight": "normal",
        "titleColor": INK,
        "titlePadding": 10,
        "domainColor": QUIET_INK,
        "tickColor": QUIET_INK,
        "gridColor": GRID,
        "labelPadding": 6,
    },
    "legend": {
        "labelFontSize": TEXT_SIZE,
        "labelColor": INK,
        "symbolSize": 90,
        "symbolStrokeWidth": 1.8,
        "columnPadding": 18,
    },
    "title": {
        "fontSize": 16,
        "fontWeight": "bold",
        "color": INK,
        "subtitleFontSize": TEXT_SIZE,
        "subtitleColor": QUIET_INK,
        "subtitleLineHeight": 17,
        "subtitlePadding": 6,
        "anchor": "start",
        "frame": "group",
        "offset": 14,
    },
}


def attack_styles(attacks: Sequence[str]) -> list[Style]:
    """Return the style of each attack; attacks without a style of their own share the spare ones in turn."""
    spare = iter(_OTHERS * (len(attacks) // len(_OTHERS) + 1))
    return [_ATTACKS.get(attack) or next(spare) for attack in attacks]


def wrapped(text: str, width: float) -> list[str]:
    """Break a text of size TEXT_SIZE into lines of at most `width` points."""
    return textwrap.wrap(text, int(width / POINTS_PER_LETTER))


def themed(chart: alt.LayerChart | alt.ConcatChart) -> alt.LayerChart | alt.ConcatChart:
    """Return the chart with the project's configuration."""
    return chart.configure(**_CONFIG)
