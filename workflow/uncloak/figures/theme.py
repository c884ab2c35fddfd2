"""How every figure looks: one Altair configuration, and one color and marker per attack, the same in all figures.

The colors are from Okabe and Ito's palette (Color Universal Design, 2008), which color-blind readers can tell apart;
markers differ too, so that figures survive a gray printer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt

INK = "#222222"
QUIET_INK = "#595959"
GRID = "#e4e4e4"
PAPER = "#ffffff"

TEXT_SIZE = 12
LABEL_SIZE = 11


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
_OTHERS = (Style("#56b4e9", "cross"), Style("#b8860b", "triangle-right"), Style("#000000", "triangle-left"))

_FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
_CONFIG = {
    "background": PAPER,
    "font": _FONT,
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


def themed(chart: alt.LayerChart) -> alt.LayerChart:
    """Return the chart with the project's configuration."""
    return chart.configure(**_CONFIG)
