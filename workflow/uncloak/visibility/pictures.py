"""How much a perturbation shows, per picture, on the 8-bit pictures that are posted. Computed in float64.

Pictures come as one array uint8 [N,H,W,3] or, where their sizes differ, as a sequence of N arrays uint8 [H,W,3].
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import correlate1d

from uncloak.errors import InputError

MEASURES = ("dssim", "ssim", "l2", "linf", "psnr")

Pictures = np.ndarray | Sequence[np.ndarray]

_PEAK = 255
_WINDOW = 11
_STRIP = 256  # rows of window positions that are computed at once: a photograph's planes in floats are large
_MARGIN = _WINDOW // 2
_SIGMA = 1.5
_C1 = (0.01 * _PEAK) ** 2
_C2 = (0.03 * _PEAK) ** 2


def measure(clean: Pictures, perturbed: Pictures) -> dict[str, np.ndarray]:
    """Return every measure of MEASURES, each float64 [N].

    - `ssim`: structural similarity, 1 for equal pictures, as `tf.image.ssim` defines it: Gaussian window 11x11 of
      sigma 1.5 at its valid positions, mean over positions and colors (attacks.md 2.4).
    - `dssim`: (1 - ssim) / 2, from 0.
    - `l2`: Euclidean norm of the change of all values, these from 0 to 1.
    - `linf`: largest change in grey levels, 0 to 255.
    - `psnr`: peak signal-to-noise ratio in dB, for the peak 255; infinite for equal pictures.

    Raises:
        InputError: where the pictures do not match or are smaller than the window.
    """
    rows = [_measured(x, y) for x, y in _pairs(clean, perturbed)]
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in MEASURES}


def dssim(clean: Pictures, perturbed: Pictures) -> np.ndarray:
    """Return `dssim` alone, float64 [N], as `measure` does."""
    return np.array([(1 - _ssim(x, y)) / 2 for x, y in _pairs(clean, perturbed)], dtype=np.float64)


def linf(clean: Pictures, perturbed: Pictures) -> np.ndarray:
    """Return `linf` alone, float64 [N], as `measure` does, for pictures of any size."""
    return np.array([_largest(_change(x, y)) for x, y in _pairs(clean, perturbed)], dtype=np.float64)


def _measured(clean: np.ndarray, perturbed: np.ndarray) -> dict[str, float]:
    similarity = _ssim(clean, perturbed)
    change = _change(clean, perturbed)
    squares = float(np.square(change).sum(dtype=np.int64))
    return {
        "dssim": (1 - similarity) / 2,
        "ssim": similarity,
        "l2": squares**0.5 / _PEAK,
        "linf": _largest(change),
        "psnr": 10 * np.log10(_PEAK**2 * change.size / squares) if squares else np.inf,
    }


def _ssim(clean: np.ndarray, perturbed: np.ndarray) -> float:
    height, width = clean.shape[:2]
    if min(height, width) < _WINDOW:
        raise InputError(f"SSIM needs pictures of at least {_WINDOW}x{_WINDOW} pixels, got {height}x{width}")
    positions = height - 2 * _MARGIN
    total = 0.0
    for first in range(0, positions, _STRIP):
        rows = slice(first, min(first + _STRIP, positions) + 2 * _MARGIN)
        total += _similarity(clean[rows], perturbed[rows]).sum()
    return float(total / (3 * positions * (width - 2 * _MARGIN)))


def _similarity(clean: np.ndarray, perturbed: np.ndarray) -> np.ndarray:
    """Return the structural similarity float64 [3,H-10,W-10] at every position of the window."""
    x, y = (picture.transpose(2, 0, 1).astype(np.float64) for picture in (clean, perturbed))
    mean_x, mean_y = _window(x), _window(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    luminance = (2 * product + _C1) / (squares + _C1)
    # In this order equal pictures give exactly 1.
    structure = (2 * (_window(x * y) - product) + _C2) / (_window(x * x + y * y) - squares + _C2)
    return luminance * structure


def _window(planes: np.ndarray) -> np.ndarray:
    """Return the weighted means [3,H-10,W-10] of planes [3,H,W] under the window."""
    weights = np.exp(-np.square(np.arange(-_MARGIN, _MARGIN + 1)) / (2 * _SIGMA**2))
    weights /= weights.sum()
    inner = slice(_MARGIN, -_MARGIN)
    return correlate1d(correlate1d(planes, weights, axis=1)[:, inner], weights, axis=2)[..., inner]


def _change(clean: np.ndarray, perturbed: np.ndarray) -> np.ndarray:
    return perturbed.astype(np.int32) - clean


def _largest(change: np.ndarray) -> float:
    return float(np.abs(change).max())


def _pairs(clean: Pictures, perturbed: Pictures) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    if len(clean) != len(perturbed):
        raise InputError(f"{len(clean)} clean and {len(perturbed)} perturbed pictures; give pairs")
    for index, (x, y) in enumerate(zip(clean, perturbed, strict=True)):
        fits = x.ndim == 3 and x.shape[2] == 3 and x.size and x.shape == y.shape
        if not fits or x.dtype != np.uint8 or y.dtype != np.uint8:
            raise InputError(
                f"pair {index} of pictures: clean and perturbed must be uint8 of one shape [H,W,3],"
                f" got {x.dtype} {list(x.shape)} and {y.dtype} {list(y.shape)}"
            )
        yield x, y
