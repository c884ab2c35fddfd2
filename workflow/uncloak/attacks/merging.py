"""Crops of a photograph, and the way of a cloak made on a crop back into the photograph (attacks.md 2.7).

Coordinates are (x, y) in pixels of the upright photograph. What is added is cut to whole grey levels 0..255.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import affine_transform, convolve1d

from uncloak.attacks.preparation import merges, place, resize, square
from uncloak.pictures.alignment import warp
from uncloak.records.attacks import Preparation


class Tool(NamedTuple):
    """How a published tool crops faces (attacks.md 3.2 and 3.4).

    Attributes:
        margin: width and height added to the face box, as a share of its own.
        padding: how the crop is made square; see `preparation.place`.
        minimum_face: shortest side of a face box, in pixels.
        minimum_probability: of a face, in [0,1].
    """

    margin: float
    padding: str
    minimum_face: int
    minimum_probability: float


TOOLS = {"fawkes_v03": Tool(0.7, "corner", 25, 0.85), "fawkes_v10": Tool(0.0, "mean", 30, 0.9)}
_CROWD = 1.5


class Box(NamedTuple):
    """Whole pixels left <= x < right, top <= y < bottom."""

    left: int
    top: int
    right: int
    bottom: int


def tool_box(found: np.ndarray, faces: int, width: int, height: int, tool: Tool) -> Box:
    """Return the tool's box in a `width` x `height` photograph around one of its `faces` faces.

    `found`: left, top, right, bottom of the face as detected. The margin shrinks where there are several faces. At the
    top it is a share of the box's width, not height: so it is in the published code. Fractions of pixels are cut off.
    """
    left, top, right, bottom = (float(value) for value in found)
    margin = tool.margin / _CROWD if faces > 1 else tool.margin
    wide, high = int((right - left) * margin), int((bottom - top) * margin)
    return Box(
        int(max(left - wide / 2, 0)),
        int(max(top - wide / 2, 0)),
        int(min(right + high / 2, width)),
        int(min(bottom + high / 2, height)),
    )


@dataclass(frozen=True)
class BoxCrop:
    """A published tool's crop: a box, made square and resized.

    Attributes:
        box: where it lies.
        padding: how it is made square, "corner", "mean", or "none" where it is a square.
        size: side of the crop.
        stretch: the tool's contrast stretch (see `preparation.resize`), when cutting and again when merging; or "none",
            where nothing is stretched and the cloak comes back as a difference in floats.
    """

    box: Box
    padding: str
    size: int
    stretch: str = "none"

    def cut(self, photograph: np.ndarray) -> np.ndarray:
        """Return the crop uint8 [size,size,3] of a photograph uint8 [H,W,3]."""
        left, top, right, bottom = self.box
        return resize(square(photograph[top:bottom, left:right], self.padding), self.size, self.stretch)

    def merge(self, photograph: np.ndarray, clean: np.ndarray, cloaked: np.ndarray) -> np.ndarray:
        """Return the photograph with the cloak, `cloaked` minus `clean`, both [size,size,3] in grey levels, added."""
        left, top, right, bottom = self.box
        side, row, column = place(bottom - top, right - left, self.padding)
        if self.stretch == "none":
            difference = _resize_floats(np.subtract(cloaked, clean, dtype=np.float32), side)
        else:
            cloaked, clean = (resize(each, side, self.stretch).astype(np.float64) for each in (cloaked, clean))
            difference = cloaked - clean
        difference = difference[row : row + bottom - top, column : column + right - left]
        return _add(photograph, difference, top, left)


@dataclass(frozen=True)
class AlignedCrop:
    """The five-point crop that the trainer will make too: of side `size`, by the 2x3 `matrix`, photograph to crop."""

    matrix: np.ndarray
    size: int

    def cut(self, photograph: np.ndarray) -> np.ndarray:
        """Return the crop uint8 [size,size,3] of a photograph uint8 [H,W,3]; see `pictures.alignment.warp`."""
        return warp(photograph, self.matrix, self.size)

    def merge(self, photograph: np.ndarray, clean: np.ndarray, cloaked: np.ndarray) -> np.ndarray:
        """Return the photograph with the cloak, `cloaked` minus `clean`, both [size,size,3] in grey levels, added.

        The difference is warped back by cubic splines, which lose less of its fine detail than bilinear interpolation,
        and is zero outside the crop. Where the photograph shows the face smaller
        than the crop, the difference is smoothed beforehand by a triangle as wide as a pixel of the photograph is in
        the crop, so that it does not alias.
        """
        difference = np.subtract(cloaked, clean, dtype=np.float64)
        scale = np.sqrt(abs(np.linalg.det(self.matrix[:, :2])))
        reach = int(np.ceil(scale)) - 1
        weights = 1 - np.abs(np.arange(-reach, reach + 1)) / max(scale, 1.0)
        for axis in (0, 1):
            difference = convolve1d(difference, weights / weights.sum(), axis=axis, mode="constant")

        # Only the photograph's pixels around the crop.
        inverse = np.linalg.inv(self.matrix[:, :2])
        edges = np.array([0, self.size - 1])
        corners = np.stack(np.meshgrid(edges, edges), axis=-1).reshape(4, 2)
        corners = (corners - self.matrix[:, 2]) @ inverse.T
        height, width = photograph.shape[:2]
        left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width, height))
        right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, (width, height))
        # Arrays are indexed (row, column) = (y, x).
        rows = self.matrix[::-1, 1::-1]
        offset = self.matrix[::-1, 2] + rows @ (top, left)
        shape = (bottom - top, right - left)
        planes = [
            affine_transform(difference[..., color], rows, offset, shape, order=3, mode="constant")
            for color in range(3)
        ]
        return _add(photograph, np.stack(planes, axis=-1), top, left)


def merge_back(
    faces: np.ndarray, prepared: np.ndarray, perturbed: np.ndarray, preparation: Preparation | None
) -> np.ndarray:
    """Return what is posted: `perturbed`, or the faces with its cloak, where the preparation says so (attacks.md 2.7).

    Args:
        faces: uint8 [N,S,S,3], of the dataset.
        prepared: uint8 [N,size,size,3], what `prepare` made of them.
        perturbed: uint8 of the same shape, what the attack made of these.
        preparation: how they were prepared, if at all.

    The cloak, `perturbed` minus `prepared`, goes the way back through resizing and padding, is added over the whole
    stored face, and the sum is cut to whole grey levels 0..255.
    """
    if not merges(preparation):
        return perturbed
    stretch = preparation.stretch if preparation.merge == "original" else "none"
    whole = Box(0, 0, *faces.shape[2:0:-1])
    crop = BoxCrop(whole, preparation.padding, preparation.size, stretch)
    return np.stack([crop.merge(*each) for each in zip(faces, prepared, perturbed, strict=True)])


def _resize_floats(values: np.ndarray, side: int) -> np.ndarray:
    """Resize float32 [S,S,3] to [side,side,3], bicubic, smoothed where it shrinks, without rounding."""
    planes = [Image.fromarray(np.ascontiguousarray(values[..., color])) for color in range(3)]
    return np.stack([np.asarray(plane.resize((side, side), Image.Resampling.BICUBIC)) for plane in planes], axis=-1)


def _add(photograph: np.ndarray, difference: np.ndarray, top: int, left: int) -> np.ndarray:
    merged = photograph.copy()
    part = merged[top : top + difference.shape[0], left : left + difference.shape[1]]
    part[...] = np.clip(part + difference, 0, 255).astype(np.uint8)
    return merged
