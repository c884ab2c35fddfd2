"""Pictures inside charts: images as data URIs, placed by pixel coordinates, so that a figure is one file."""

import base64
import io

import altair as alt
import numpy as np
import pandas as pd
from PIL import Image

from uncloak.figures import theme


def image_uri(pixels: np.ndarray, kind: str = "png") -> str:
    """Return the picture (uint8 [H,W,3]) as a data URI: `kind` "png" is exact, "jpeg" is small."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"optimize": True} if kind == "png" else {"quality": 90}))
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def thumbnail(pixels: np.ndarray, size: int) -> tuple[np.ndarray, float, tuple[int, int]]:
    """Fit a picture (uint8 [H,W,3]) into the middle of a white square.

    Returns the square (uint8 [size,size,3]), the scale, and the left and top edge of the picture in it, so that a
    point (x, y) of the picture lies at scale * (x, y) + (left, top).
    """
    height, width = pixels.shape[:2]
    scale = size / max(height, width)
    inner = Image.fromarray(pixels).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS
    )
    left, top = (size - inner.width) // 2, (size - inner.height) // 2
    square = Image.new("RGB", (size, size), "white")
    square.paste(inner, (left, top))
    return np.asarray(square), scale, (left, top)


class Canvas:
    """Marks placed in points from the top left corner of a figure of `width` x `height` points."""

    def __init__(self, width: int, height: int):
        self._width, self._height = width, height
        self._layers: list[alt.Chart] = []

    def images(self, table: pd.DataFrame, size: int, tooltip: list[alt.Tooltip]):
        """Draw square images: columns `x`, `y` (top left corner), `url`, `picture`, and those of the tooltip."""
        # Without a description of its own an image is described by its whole data URI.
        base = self._chart(table).encode(url="url:N", tooltip=tooltip, description="picture:N")
        self._add(base.mark_image(width=size, height=size, align="left", baseline="top"))

    def texts(self, table: pd.DataFrame, **mark):
        """Write columns `text` at `x`, `y`; a list of texts is written in lines."""
        options = {"fontSize": theme.TEXT_SIZE, "color": theme.INK, "baseline": "middle", "lineHeight": 16, **mark}
        self._add(self._chart(table).mark_text(**options).encode(text="text:N"))

    def points(self, table: pd.DataFrame, **mark):
        """Draw points at columns `x`, `y`."""
        self._add(self._chart(table).mark_point(**mark))

    def chart(self, title: str, subtitle: list[str]) -> alt.LayerChart:
        """Return the figure."""
        figure = alt.layer(*self._layers).properties(
            width=self._width, height=self._height, title=alt.TitleParams(title, subtitle=subtitle)
        )
        return theme.themed(figure)

    def _chart(self, table: pd.DataFrame) -> alt.Chart:
        return alt.Chart(table).encode(
            x=alt.X("x:Q", scale=alt.Scale(domain=[0, self._width], nice=False), axis=None),
            y=alt.Y("y:Q", scale=alt.Scale(domain=[self._height, 0], nice=False), axis=None),
        )

    def _add(self, layer: alt.Chart):
        self._layers.append(layer)
