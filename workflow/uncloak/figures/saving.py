"""Figures on disk: a page that needs no network, a vector and a pixel picture, and the table they were drawn from."""

import io
import os
from pathlib import Path

import altair as alt
import pandas as pd
import vl_convert
from PIL.PngImagePlugin import PngImageFile

from uncloak.figures.page import VEGA_LITE, page
from uncloak.writing import atomic

_PIXELS_PER_POINT = 2


def save(
    chart: alt.TopLevelMixin,
    table: pd.DataFrame,
    html: str | os.PathLike,
    svg: str | os.PathLike,
    png: str | os.PathLike,
    csv: str | os.PathLike,
    vega: str | os.PathLike,
):
    """Write a chart as self-contained HTML, SVG and PNG (two pixels per point), and its table as CSV.

    vega: file of the script that `uncloak.figures.page.vega` returned, which becomes a part of the page.

    Each file appears whole or not at all; equal charts and tables give equal bytes.
    """
    with alt.data_transformers.enable("default"), alt.data_transformers.disable_max_rows():
        record = chart.to_dict()
    # The pixels are made from the vectors: the chart is laid out once.
    vectors = vl_convert.vegalite_to_svg(record, vl_version=VEGA_LITE)
    contents = {
        html: page(record, Path(vega).read_text(encoding="utf-8")).encode(),
        svg: vectors.encode(),
        png: _packed(vl_convert.svg_to_png(vectors, scale=_PIXELS_PER_POINT)),
    }
    for file, content in contents.items():
        with atomic(file) as path:
            path.write_bytes(content)
    with atomic(csv) as path:
        table.to_csv(path, index=False, lineterminator="\n")


def _packed(png: bytes) -> bytes:
    """Return the same pixels in about half the bytes: the renderer packs them for speed."""
    packed = io.BytesIO()
    # Not Image.open, which refuses pictures of many pixels for fear of their source: a long figure is one.
    with PngImageFile(io.BytesIO(png)) as picture:
        picture.save(packed, "png", compress_level=3)
    return packed.getvalue()
