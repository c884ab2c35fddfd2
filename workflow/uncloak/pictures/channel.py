"""Channels: what happens to a posted picture before it is scraped, as a chain of steps on 8-bit pictures.

Every step takes and gives uint8 [H,W,3] RGB of the same size, since a site keeps what it serves as a file; chains
therefore round after every step. Nothing is random, and no picture affects another.
"""

import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from uncloak.errors import InputError

_SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")


class Step(Protocol):
    """One thing that happens to a picture."""

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Return what becomes of `picture`; both uint8 [H,W,3] of one size."""


@dataclass(frozen=True)
class Png:
    """A lossless file: the picture as it was posted."""

    def apply(self, picture: np.ndarray) -> np.ndarray:
        return picture


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file, by Pillow's encoder and decoder.

    quality: 1 to 100, as libjpeg scales its example tables.
    subsampling: of the two chroma planes; "4:2:0" halves them in both directions, as most sites do.
    """

    quality: int
    subsampling: str = "4:2:0"

    def __post_init__(self):
        if type(self.quality) is not int or not 1 <= self.quality <= 100:
            raise InputError(f"quality is {self.quality!r}; it must be a whole number from 1 to 100")
        if self.subsampling not in _SUBSAMPLINGS:
            raise InputError(f"subsampling is {self.subsampling!r}; choose from {', '.join(_SUBSAMPLINGS)}")

    def apply(self, picture: np.ndarray) -> np.ndarray:
        with Image.open(io.BytesIO(self.encode(picture))) as image:
            return np.asarray(image)

    def encode(self, picture: np.ndarray) -> bytes:
        """Return the file that holds `picture`, uint8 [H,W,3]."""
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=self.quality, subsampling=self.subsampling)
        return file.getvalue()


@dataclass(frozen=True)
class Blur:
    """Gaussian blur, rounded to whole grey levels.

    sigma: in pixels; 2 for the defense of the LowKey paper (section 8.6, which gives no window: the kernel here ends
    at four sigma). Beyond the border the picture is mirrored about its outermost pixels, like LowKey's own blur.
    """

    sigma: float

    def __post_init__(self):
        if not (_is_number(self.sigma) and math.isfinite(self.sigma) and self.sigma > 0):
            raise InputError(f"sigma is {self.sigma!r}; it must be a number of pixels above 0")

    def apply(self, picture: np.ndarray) -> np.ndarray:
        values = picture.astype(np.float64)
        return np.rint(gaussian_filter(values, self.sigma, mode="mirror", truncate=4.0, axes=(0, 1))).astype(np.uint8)


@dataclass(frozen=True)
class Resize:
    """A thumbnail enlarged again: Pillow's bicubic filter both ways, antialiased on the way down.

    factor: width and height of the thumbnail over the picture's, above 0 and below 1; rounded to whole pixels, at
    least one.
    """

    factor: float

    def __post_init__(self):
        if not (_is_number(self.factor) and 0 < self.factor < 1):
            raise InputError(f"factor is {self.factor!r}; it must be a number above 0 and below 1")

    def apply(self, picture: np.ndarray) -> np.ndarray:
        image = Image.fromarray(picture)
        small = tuple(max(1, round(side * self.factor)) for side in image.size)
        bicubic = Image.Resampling.BICUBIC
        return np.asarray(image.resize(small, bicubic).resize(image.size, bicubic))


_METHODS = {"png": Png, "jpeg": Jpeg, "blur": Blur, "resize": Resize}


@dataclass(frozen=True)
class Channel:
    """A chain of steps, first to last; see `parse`."""

    steps: tuple[Step, ...]

    def transmit(self, picture: np.ndarray) -> np.ndarray:
        """Return the scraped picture of a posted one, a new array; both uint8 [H,W,3] RGB of one size.

        Raises InputError for anything but such an array with at least one pixel.
        """
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or picture.size == 0:
            raise InputError(f"a channel takes pictures uint8 [H,W,3], got {picture.dtype} {picture.shape}")
        for step in self.steps:
            picture = step.apply(picture)
        return np.array(picture)


def parse(record: Mapping[str, object] | Sequence[Mapping[str, object]]) -> Channel:
    """Return the channel of a configuration's record: one step, or a list of steps (none: a lossless file).

    Steps: {method: png}; {method: jpeg, quality: 75}, to which subsampling: "4:4:4" may be added; {method: blur, sigma:
    2.0}; {method: resize, factor: 0.5}.

    Raises InputError where a method or value is unknown, missing or out of range.
    """
    return Channel(tuple(_step(each) for each in (record if isinstance(record, list) else [record])))


def _step(record: object) -> Step:
    if not isinstance(record, Mapping) or "method" not in record:
        raise InputError(f"channel: {record!r} is no step; write, for example, {{method: jpeg, quality: 75}}")
    values = dict(record)
    method = values.pop("method")
    if not isinstance(method, str) or method not in _METHODS:
        raise InputError(f"channel: method {method!r} is unknown; choose from {', '.join(_METHODS)}")
    fields = {field.name: field for field in dataclasses.fields(_METHODS[method])}
    for name in values:
        if name not in fields:
            raise InputError(f"channel: {method} has no '{name}'; it has {', '.join(fields) or 'no values'}")
    for name, field in fields.items():
        if name not in values and field.default is dataclasses.MISSING:
            raise InputError(f"channel: {method} lacks '{name}'; add it")
    try:
        return _METHODS[method](**values)
    except InputError as error:
        raise InputError(f"channel: {method}: {error}") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
