"""The picture's frame: the similarity between pixels and the head plane, and the five-point template of aligned faces."""

from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, hypot, sin

import numpy as np

# The five points of an aligned 112 pixel face: eyes, nose tip, mouth corners (attacks.md 4.6).
TEMPLATE = np.array(
    [
        (38.29459953, 51.69630051),
        (73.53179932, 51.50139999),
        (56.02519989, 71.73660278),
        (41.54930115, 92.36550140),
        (70.72990036, 92.20410156),
    ]
)
TEMPLATE_SIZE = 112


@lru_cache(maxsize=8)
def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    axis = np.arange(size, dtype=np.float32)
    return axis[None, :], axis[:, None]


@dataclass(frozen=True)
class Frame:
    """A square picture laid on the head plane: (X, Y) = pixel * Rot(u, v) + origin, with u right and v down in pixels."""

    size: int
    pixel: float  # head units per pixel
    cos: float
    sin: float
    origin: tuple[float, float]

    @classmethod
    def placed(cls, size: int, scale: float, angle: float, center: tuple[float, float]) -> "Frame":
        """Return the frame in which the head's middle is at pixel `center`, `scale` pixels per unit, turned by `angle`."""
        c, s, p = cos(angle), sin(angle), 1.0 / scale
        u, v = center
        return cls(size, p, c, s, (-p * (c * u + s * v), -p * (c * v - s * u)))

    @classmethod
    def aligned(cls, size: int, points: np.ndarray) -> "Frame":
        """Return the frame that brings the head plane's five points [5,2] nearest to the template (least squares)."""
        x, y = (points - points.mean(axis=0)).T
        u, v = ((TEMPLATE - TEMPLATE.mean(axis=0)) * (size / TEMPLATE_SIZE)).T
        real, imaginary = float(x @ u + y @ v), float(x @ v - y @ u)
        scale = hypot(real, imaginary) / float(x @ x + y @ y)
        angle = atan2(imaginary, real)
        c, s = cos(angle), sin(angle)
        px, py = (float(value) for value in points.mean(axis=0))
        mu, mv = (float(value) * size / TEMPLATE_SIZE for value in TEMPLATE.mean(axis=0))
        return cls.placed(size, scale, angle, (mu - scale * (c * px - s * py), mv - scale * (s * px + c * py)))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Return the pixel positions [N,2] of points [N,2] of the head plane."""
        x, y = (points - np.asarray(self.origin)).T / self.pixel
        return np.stack([self.cos * x - self.sin * y, self.sin * x + self.cos * y], axis=1)

    def plane(self, rows: slice = slice(None), columns: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Return the head plane's coordinates X, Y (float32 planes) of the picture's pixels in these rows and columns."""
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
