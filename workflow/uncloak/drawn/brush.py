"""Drawing primitives: soft edges, blending, smooth steps. Pictures are linear-light float32 planes [3,H,W]."""

import numpy as np

Slices = tuple[slice, slice]


def linear(color: tuple[float, float, float]) -> np.ndarray:
    """Return a display color (three values in [0,1]) as linear light, float32 [3,1,1] (display gamma taken as 2)."""
    return np.square(np.array(color, np.float32)).reshape(3, 1, 1)


def unit(value: np.ndarray) -> np.ndarray:
    """Clip `value` to [0,1] in place, and return it."""
    np.maximum(value, 0.0, out=value)
    return np.minimum(value, 1.0, out=value)


def soft(distance: np.ndarray, pixel: float) -> np.ndarray:
    """Return the coverage in [0,1] of a shape from the signed distance to its edge (negative inside), 1 pixel soft."""
    coverage = distance * (-1.0 / pixel)
    coverage += 0.5
    return unit(coverage)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, and a cubic between."""
    t = value - low
    t *= 1.0 / (high - low)
    unit(t)
    result = 3.0 - 2.0 * t
    result *= t
    result *= t
    return result


def hill(x: np.ndarray, y: np.ndarray, center: tuple[float, float], width: float, height: float) -> np.ndarray:
    """Return a Gaussian of peak 1 at `center`, with `width` and `height` the distances at which it falls to 1/e."""
    u, v = x - center[0], y - center[1]
    u *= u
    u *= -1.0 / (width * width)
    v *= v
    v *= -1.0 / (height * height)
    u += v
    return np.exp(u, out=u)


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
