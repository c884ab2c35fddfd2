"""Drawing primitives: soft edges, blending, smooth steps. Pictures are linear-light float32 planes [3,H,W]."""

import numpy as np

Slices = tuple[slice, slice]


def linear(color: tuple[float, float, float]) -> np.ndarray:
    """Return a display color (three values in [0,1]) as linear light, float32 [3,1,1] (display gamma taken as 2)."""
    return np.square(np.array(color, np.float32)).reshape(3, 1, 1)


def soft(distance: np.ndarray, pixel: float) -> np.ndarray:
    """Return the coverage in [0,1] of a shape from the signed distance to its edge (negative inside), 1 pixel soft."""
    return np.clip(0.5 - distance * (1.0 / pixel), 0.0, 1.0)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, and a cubic between."""
    t = np.clip((value - low) * (1.0 / (high - low)), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def hill(x: np.ndarray, y: np.ndarray, center: tuple[float, float], width: float, height: float) -> np.ndarray:
    """Return a Gaussian of peak 1 at `center`, with `width` and `height` the distances at which it falls to 1/e."""
    u = (x - center[0]) * (1.0 / width)
    v = (y - center[1]) * (1.0 / height)
    return np.exp(-(u * u + v * v))


def blend(canvas: np.ndarray, mask: np.ndarray, color: np.ndarray) -> None:
    """Lay `color` ([3,1,1] or [3,H,W]) over `canvas` [3,H,W] in place where `mask` [H,W] says so."""
    canvas += mask * (color - canvas)


def box(x: np.ndarray, y: np.ndarray, left: float, right: float, top: float, bottom: float) -> Slices | None:
    """Return the smallest slices of the planes x, y that hold every point of the rectangle; None if there is none."""
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
    rows = np.flatnonzero(inside.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(inside.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
