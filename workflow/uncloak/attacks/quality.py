"""How much a perturbation shows, per picture, on the 8-bit pictures that are posted. Computed in float64."""

import numpy as np

from uncloak.errors import InputError

_WINDOW = 11
_SIGMA = 1.5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


def dssim(clean: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return DSSIM, float64 [N] in [0,1], between uint8 faces [N,H,W,3].

    DSSIM = (1 - SSIM) / 2, with SSIM as `tf.image.ssim` defines it: Gaussian window 11x11 of sigma 1.5 at its valid
    positions, mean over positions and colors (attacks.md 2.4).

    Raises:
        InputError: where the arrays do not match or are smaller than the window.
    """
    _check(clean, other)
    height, width = clean.shape[1:3]
    if min(height, width) < _WINDOW:
        raise InputError(f"DSSIM needs pictures of at least {_WINDOW}x{_WINDOW} pixels, got {height}x{width}")
    rows, columns = _band(height), _band(width)

    def window(planes: np.ndarray) -> np.ndarray:
        return rows @ planes @ columns.T

    values = np.empty(len(clean))
    for index in range(len(clean)):
        x = clean[index].transpose(2, 0, 1).astype(np.float64)
        y = other[index].transpose(2, 0, 1).astype(np.float64)
        mean_x, mean_y = window(x), window(y)
        luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
        variances = window(x * x + y * y) - mean_x**2 - mean_y**2
        structure = (2 * (window(x * y) - mean_x * mean_y) + _C2) / (variances + _C2)
        values[index] = (1 - (luminance * structure).mean()) / 2
    return values


def linf(clean: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the largest change, int64 [N] in grey levels 0..255, between uint8 faces [N,H,W,3]."""
    _check(clean, other)
    return np.abs(clean.astype(np.int64) - other).max(axis=(1, 2, 3))


def rms(clean: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the root mean square change, float64 [N] in grey levels 0..255, between uint8 faces [N,H,W,3]."""
    _check(clean, other)
    return np.sqrt(np.square(clean.astype(np.float64) - other).mean(axis=(1, 2, 3)))


def _check(clean: np.ndarray, other: np.ndarray) -> None:
    if clean.dtype != np.uint8 or other.dtype != np.uint8 or clean.shape != other.shape or clean.ndim != 4:
        raise InputError(
            f"clean and perturbed faces must be uint8 of one shape [N,H,W,3], got {clean.dtype} {clean.shape} "
            f"and {other.dtype} {other.shape}"
        )


def _band(size: int) -> np.ndarray:
    """The matrix [size - 10, size] whose rows are the window at its valid positions."""
    weights = np.exp(-np.square(np.arange(_WINDOW) - _WINDOW // 2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    return np.stack([np.pad(weights, (row, size - _WINDOW - row)) for row in range(size - _WINDOW + 1)])
