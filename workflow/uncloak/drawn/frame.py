"""The picture's frame: the similarity that lays its pixels on the head plane."""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, sin

import numpy as np

from uncloak.pictures.alignment import similarity
from uncloak.pictures.landmarks import template


@lru_cache(maxsize=8)
def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    axis = np.arange(size, dtype=np.float32)
    return axis[None, :], axis[:, None]


@dataclass(frozen=True)
class Frame:
    """A square picture laid on the head plane: (X, Y) = pixel * R (u, v) + origin, R = [[cos, sin], [-sin, cos]].

    u counts pixels to the right, v down, from 0 at the centers of the first ones.
    """

    size: int
    pixel: float  # head units per pixel
    cos: float
    sin: float
    origin: tuple[float, float]

    @classmethod
    def placed(cls, size: int, scale: float, angle: float, center: tuple[float, float]) -> "Frame":
        """Return the frame that shows the head's middle at the pixel `center`, `scale` pixels per unit, at `angle`."""
        return cls._of(size, scale * cos(angle), scale * sin(angle), center)

    @classmethod
    def aligned(cls, size: int, points: np.ndarray, margin: int = 0) -> "Frame":
        """Return the frame that aligns the head plane's five landmarks `points` [5,2]; `margin`: see `template`."""
        (real, _, u), (imaginary, _, v) = similarity(points, template(size, margin)).tolist()
        return cls._of(size, real, imaginary, (u, v))

    @classmethod
    def _of(cls, size: int, real: float, imaginary: float, center: tuple[float, float]) -> "Frame":
        scale = hypot(real, imaginary)
        c, s, p = real / scale, imaginary / scale, 1.0 / scale
        u, v = center
        return cls(size, p, c, s, (-p * (c * u + s * v), -p * (c * v - s * u)))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Return the pixel positions [N,2] of points [N,2] of the head plane."""
        x, y = (points - np.asarray(self.origin)).T / self.pixel
        return np.stack([self.cos * x - self.sin * y, self.sin * x + self.cos * y], axis=1)

    def plane(self, rows: slice = slice(None), columns: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Return the head plane's X and Y (float32 planes) at the picture's pixels in these rows and columns."""
        across, down = _grid(self.size)
        u, v = across[:, columns], down[rows]
        x = (self.pixel * self.cos) * u + ((self.pixel * self.sin) * v + self.origin[0])
        y = (-self.pixel * self.sin) * u + ((self.pixel * self.cos) * v + self.origin[1])
        return x, y

    def window(self, left: float, right: float, top: float, bottom: float) -> tuple[slice, slice] | None:
        """Return the rows and columns that hold this rectangle of the head plane; None where it lies outside."""
        corners = self.pixels(np.array([(left, top), (right, top), (left, bottom), (right, bottom)]))
        low = np.clip(np.floor(corners.min(axis=0)) - 1, 0, self.size).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 2, 0, self.size).astype(int)
        if (high - low).min() < 3:
            return None
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
