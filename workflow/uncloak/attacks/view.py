"""What the trainer will see of whole photographs: the aligned crop, as a differentiable function of the photograph."""

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, grid_sample

from uncloak.errors import InputError

READINGS = ("exact", "original")


def alignment_view(
    matrices: np.ndarray, height: int, width: int, size: int, reading: str = "exact"
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the function photographs [N,3,H,W] -> faces [N,3,size,size] that cuts the aligned crops.

    Both readings sample bilinearly, black outside the photograph. "exact" is `uncloak.pictures.alignment.warp` in
    floats: where a photograph shrinks to half or less, it is averaged over square blocks first, so that the attack
    works on the crop that recognition gets. "original" is LowKey's own warp (attacks.md 4.6, steps 4 and
    5): never averaged, and sampled off by the half pixels that its affine grid leaves out. A face's values depend on
    its photograph alone; on CUDA the gradient does not repeat to the last bit, for `grid_sample` adds it up in no
    fixed order.

    Args:
        matrices: float [N,2,3], similarities that lead from the photographs' pixels to the crops', (x, y) with pixel
            centers at whole numbers, as `uncloak.pictures.alignment.similarity` and `original_similarity` return them.
        height, width: H and W, of every photograph.
        size: side of the crops.
        reading: "exact" or "original".

    Raises:
        InputError: where the reading is unknown, a matrix cannot be inverted, or a photograph is smaller than the crop,
            which the original's warp cannot cut.
    """
    if reading not in READINGS:
        raise InputError(f"reading of the warp is '{reading}'; choose from {', '.join(READINGS)}")
    if reading == "original" and min(height, width) < size:
        raise InputError(
            f"the original warp needs photographs of at least {size}x{size} pixels, got {height}x{width}; "
            "enlarge them or use the reading 'exact'"
        )
    places = _exact if reading == "exact" else _original
    blocks, grids = zip(*(places(matrix, height, width, size) for matrix in _inverses(matrices)), strict=True)
    float64_grids = torch.from_numpy(np.stack(grids)[:, None])

    @functools.cache
    def grids_like(dtype: torch.dtype, device: torch.device) -> tuple[torch.Tensor, ...]:
        # Kept, so that a loop copies nothing to the device.
        return float64_grids.to(device, dtype).unbind()

    def view(photographs: torch.Tensor) -> torch.Tensor:
        if photographs.shape[-2:] != (height, width):
            raise ValueError(f"photographs must be {height}x{width} pixels, got {tuple(photographs.shape[-2:])}")
        faces = []
        grids = grids_like(photographs.dtype, photographs.device)
        # One by one, for each has a block of its own.
        for photograph, block, grid in zip(photographs.split(1), blocks, grids, strict=True):
            if block > 1:
                photograph = avg_pool2d(photograph, block, ceil_mode=True)
            faces.append(grid_sample(photograph, grid, align_corners=False))
        return torch.cat(faces)

    return view


def _inverses(matrices: np.ndarray) -> np.ndarray:
    """The matrices [N,2,3] that lead from the crops to the photographs."""
    square = np.zeros((len(matrices), 3, 3))
    square[:, :2], square[:, 2, 2] = matrices, 1
    # Written so that NaN counts as singular.
    singular = ~(np.abs(square[:, 0, 0] * square[:, 1, 1] - square[:, 0, 1] * square[:, 1, 0]) > 0)
    if singular.any():
        raise InputError(
            f"alignment matrix {int(singular.argmax()) + 1} of {len(matrices)} cannot be inverted; "
            "correct the landmarks it was made from"
        )
    return np.linalg.inv(square)[:, :2]


def _exact(inverse: np.ndarray, height: int, width: int, size: int) -> tuple[int, np.ndarray]:
    """The block to average over, and where in the averaged photograph each pixel of the crop lies."""
    block = max(1, int(np.sqrt(abs(np.linalg.det(inverse[:, :2])))))
    # Block j covers pixels block * j ... block * j + block - 1, so its center is (block - 1) / 2 beyond the first.
    x, y = (_places(inverse, size) - (block - 1) / 2) / block
    return block, _normalized(x, y, -(-height // block), -(-width // block))


def _original(inverse: np.ndarray, height: int, width: int, size: int) -> tuple[int, np.ndarray]:
    """No block, and where in the photograph each pixel of the crop lies by the formula of attacks.md 4.6."""
    x, y = _places(inverse, size) - (1 - inverse[:, :2].sum(axis=1))[:, None, None] / 2
    return 1, _normalized(x, y, height, width)


def _places(inverse: np.ndarray, size: int) -> np.ndarray:
    """x and y in the photograph of every pixel of the crop, [2,size,size]."""
    rows, columns = np.indices((size, size))
    return np.einsum("ij,jkl->ikl", inverse, np.stack([columns, rows, np.ones_like(rows)]))


def _normalized(x: np.ndarray, y: np.ndarray, height: int, width: int) -> np.ndarray:
    """The grid [size,size,2] of `grid_sample`, in which -1 and 1 are the picture's outer edges."""
    return np.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], axis=-1)
