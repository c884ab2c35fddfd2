"""LowKey's Gaussian blur, differentiable, fast on faces and on whole photographs (attacks.md 4.5)."""

import torch
from torch.autograd.function import once_differentiable

from uncloak.errors import InputError

_RADIUS = 3
_SIGMA = 3.0
_BLOCK = 16


class Blur:
    """The 7x7 Gaussian blur (sigma 3) of pictures [N,C,H,W], reflected at the edges without repeating the edge pixel.

    Rows and columns are blurred by matrix products, block by block, for most of a whole matrix would be zeros. With the
    reflection inside the matrix the gradient is the transposed product, deterministic on every device, and a picture's
    values do not depend on its place in the batch.

    Args:
        like: float [N,C,H,W]; the blur is for pictures of its height, width, dtype and device.

    Raises:
        InputError: where a side has no more than 3 pixels.
    """

    def __init__(self, like: torch.Tensor):
        height, width = like.shape[-2:]
        if min(height, width) <= _RADIUS:
            raise InputError(f"the blur needs pictures of more than {_RADIUS} pixels a side, got {height}x{width}")
        rows, columns = _matrix(height).to(like.dtype), _matrix(width).to(like.dtype)
        self.forth = _blocks(rows, like.device), _blocks(columns, like.device)
        self.back = _blocks(rows.T, like.device), _blocks(columns.T, like.device)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the blurred pictures, float [N,C,H,W]."""
        return _Product.apply(pictures, self)


class _Product(torch.autograd.Function):
    """Both products, with the transposed ones for a gradient."""

    @staticmethod
    def forward(ctx, pictures: torch.Tensor, blur: Blur) -> torch.Tensor:
        ctx.blur = blur
        return _multiply(pictures, *blur.forth)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _multiply(gradient, *ctx.blur.back), None


def _multiply(pictures: torch.Tensor, rows: list, columns: list) -> torch.Tensor:
    planes = pictures.flatten(0, 1)
    count = len(planes)
    planes = torch.cat([block.expand(count, -1, -1) @ planes[:, band] for band, block in rows], dim=1)
    planes = torch.cat([planes[..., band] @ block.T.expand(count, -1, -1) for band, block in columns], dim=2)
    return planes.unflatten(0, pictures.shape[:2])


def _blocks(matrix: torch.Tensor, device: torch.device) -> list[tuple[slice, torch.Tensor]]:
    """Cut a banded matrix into blocks of rows, each with the slice of columns that are not all zero in it."""
    blocks = []
    for rows in matrix.split(_BLOCK):
        used = rows.any(dim=0).nonzero()
        band = slice(int(used.min()), int(used.max()) + 1)
        blocks.append((band, rows[:, band].to(device)))
    return blocks


def _matrix(size: int) -> torch.Tensor:
    """The blur along one axis as a matrix [size,size], float64."""
    offsets = torch.arange(-_RADIUS, _RADIUS + 1)
    weights = torch.softmax(-offsets.double().square() / (2 * _SIGMA**2), dim=0)
    positions = (torch.arange(size)[:, None] + offsets).abs()
    positions = (size - 1) - (size - 1 - positions).abs()
    return torch.zeros(size, size, dtype=torch.float64).scatter_add_(1, positions, weights.expand(size, -1))
