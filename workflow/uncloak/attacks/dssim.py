"""Structural dissimilarity of float pictures, differentiable, against a clean picture that stays the same."""

import torch

from uncloak.errors import InputError

WINDOW = 11
_SIGMA = 1.5
_C1 = 0.01**2
_C2 = 0.03**2


class Dssim:
    """DSSIM of pictures against `clean`, as `tf.image.ssim` defines SSIM (attacks.md 2.4).

    The 11x11 Gaussian window (sigma 1.5, valid positions only) is applied as two products with a banded matrix, one
    product per color plane: faster than a depthwise convolution at the size of face crops, and the value of a picture
    does not depend on its place in the batch. The terms of the clean picture alone are computed once.

    Args:
        clean: float [N,C,H,W] in [0,1].

    Raises:
        InputError: where a side is shorter than the window.
    """

    def __init__(self, clean: torch.Tensor):
        height, width = clean.shape[-2:]
        if min(height, width) < WINDOW:
            raise InputError(f"DSSIM needs pictures of at least {WINDOW}x{WINDOW} pixels, got {height}x{width}")
        self._rows = _band(height).to(clean)
        self._columns = _band(width).to(clean).T
        self._clean = clean
        means, squares = self._window(torch.stack([clean, clean * clean]))
        self._mean = means
        self._mean_square = means * means
        self._square = squares

    def __call__(self, other: torch.Tensor) -> torch.Tensor:
        """Return DSSIM [N] in [0,1] of `other`, float [N,C,H,W] in [0,1], one number per picture."""
        mean, square, product = self._window(torch.stack([other, other * other, self._clean * other]))
        cross = 2 * self._mean * mean
        means = self._mean_square + mean * mean
        similarity = (cross + _C1) * (2 * product - cross + _C2)
        similarity = similarity / ((means + _C1) * (self._square + square - means + _C2))
        return (1 - similarity.mean(dim=(-3, -2, -1))) / 2

    def _window(self, planes: torch.Tensor) -> torch.Tensor:
        """Weighted means of [...,H,W] over every valid position of the window, [...,H-10,W-10]."""
        flat = planes.flatten(0, -3)
        flat = torch.bmm(flat, self._columns.expand(len(flat), -1, -1))
        flat = torch.bmm(self._rows.expand(len(flat), -1, -1), flat)
        return flat.unflatten(0, planes.shape[:-2])


def dssim(clean: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return DSSIM [N] in [0,1] between float pictures [N,C,H,W] in [0,1]; see `Dssim`."""
    return Dssim(clean)(other)


def _band(size: int) -> torch.Tensor:
    """The matrix [size - 10, size], float64, whose rows are the window at its valid positions."""
    offsets = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = torch.softmax(-offsets.square() / (2 * _SIGMA**2), dim=0)
    band = torch.zeros(size - WINDOW + 1, size, dtype=torch.float64)
    for row in range(len(band)):
        band[row, row : row + WINDOW] = weights
    return band
