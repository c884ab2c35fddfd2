"""Reading figures back: what an SVG writes, its panels, and where its markers stand."""

import io
import re

import altair as alt
import numpy as np

from uncloak.figures import theme


def svg_of(chart: alt.TopLevelMixin) -> str:
    text = io.StringIO()
    chart.save(text, format="svg")
    return text.getvalue()


def texts(svg: str) -> list[str]:
    return re.findall(r"<t(?:ext|span)[^>]*>([^<]+)<", svg)


def panels_of(svg: str) -> list[str]:
    """Return the parts of an SVG that draw the panels, in their order."""
    parts = re.split(r'class="mark-group role-scope (?:concat_\d+_)+group"', svg)
    return [part for part in parts[1:] if "role-mark" in part]


def color_of(attack: str) -> str:
    """Return the color of an attack that has one of its own."""
    return theme.attack_styles([attack])[0].color


def symbols(panel: str, color: str) -> np.ndarray:
    """Return where a panel's markers of this outline color stand, [N,2] in points, from left to right."""
    places = []
    for marks in re.findall(r'class="mark-symbol role-mark.*?</g>', panel, re.S):
        places += re.findall(rf'translate\(([\d.]+),([\d.]+)\)"[^>]*stroke="{color}"', marks)
    places = np.array(places, dtype=float).reshape(-1, 2)
    return places[np.lexsort((places[:, 1], places[:, 0]))]


def rates_drawn(panel: str, attack: str, height: float, highest: float) -> np.ndarray:
    """Return the rates at which an attack's markers stand, from left to right."""
    return highest * (1 - symbols(panel, color_of(attack))[:, 1] / height)
