"""Figures on disk: a page that needs no network, a vector and a pixel picture, and the table they were drawn from."""

import os

import altair as alt
import pandas as pd

from uncloak.figures.escaping import ScriptSafe
from uncloak.store import atomic

_PIXELS_PER_POINT = 2
# The editor is a web site; the other entries of the menu work offline.
_MENU = {"export": {"svg": True, "png": True}, "source": True, "compiled": False, "editor": False}


def save(
    chart: alt.TopLevelMixin,
    table: pd.DataFrame,
    html: str | os.PathLike,
    svg: str | os.PathLike,
    png: str | os.PathLike,
    csv: str | os.PathLike,
):
    """Write a chart as self-contained HTML, SVG and PNG (two pixels per point), and its table as CSV.

    Each file appears whole or not at all; equal charts and tables give equal bytes.
    """
    with atomic(html) as path:
        options = {"actions": _MENU, "renderer": "svg"}
        chart.save(path, format="html", inline=True, embed_options=options, json_kwds={"cls": ScriptSafe})
    with atomic(svg) as path:
        chart.save(path, format="svg")
    with atomic(png) as path:
        chart.save(path, format="png", scale_factor=_PIXELS_PER_POINT)
    with atomic(csv) as path:
        table.to_csv(path, index=False, lineterminator="\n")
