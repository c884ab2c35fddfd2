"""Picture files as arrays: every usable still picture becomes upright 8-bit RGB, everything else is refused by name."""

import errno
import io
import os
import stat
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from uncloak.errors import InputError
from uncloak.folders import printable

# Scraped files often carry the wrong ending, so the content decides. Formats that run a program or hold documents
# (EPS, PDF, PSD) stay closed.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
# What Pillow's decoders raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)


class UnusablePictureError(InputError):
    """A file that is no usable picture; its text is the reason alone, without the path."""


def decode(content: bytes) -> np.ndarray:
    """Decode a picture file's `content` to uint8 [H,W,3] RGB, turned upright by its EXIF orientation.

    Grey, palette, CMYK, 16-bit and alpha pictures are converted; alpha is dropped. Of an MPO file (a phone's JPEG with
    side pictures) the first, main picture is taken. Raises UnusablePictureError for empty, damaged, truncated, animated
    and implausibly large files.
    """
    try:
        with warnings.catch_warnings():
            # Pillow only warns of pictures of 89 to 179 million pixels; no photograph for faces is that large.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
        with image:
            if getattr(image, "is_animated", False) and image.format != "MPO":
                raise UnusablePictureError("animated")
            image.load()
            # In place and converted only where it must be, since a photograph's pixels are many megabytes.
            ImageOps.exif_transpose(image, in_place=True)
            upright = image
            if upright.mode.startswith("I;16"):
                # Pillow clips 16-bit values when converting; keep their upper byte instead.
                upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
            return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))
    except UnusablePictureError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UnusablePictureError(f"too large, over {Image.MAX_IMAGE_PIXELS:,} pixels") from None
    except _DAMAGE as error:
        # Pillow names the in-memory file by its address, which differs from run to run.
        text = "no picture format that is read here" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        raise UnusablePictureError(f"unreadable or truncated ({text})") from None


def read_content(path: str | os.PathLike) -> bytes:
    """Read a picture file for `decode`; raises UnusablePictureError where that cannot be done."""
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would be waited for.
            raise UnusablePictureError("cannot be read (it is no file)")
        return path.read_bytes()
    except OSError as error:
        reason = "a link that leads nowhere" if error.errno == errno.ENOENT and path.is_symlink() else error.strerror
        raise UnusablePictureError(f"cannot be read ({reason})") from None


def load_picture(path: str | os.PathLike) -> np.ndarray:
    """Load the picture file `path` as uint8 [H,W,3] RGB, upright; see `decode`.

    Raises InputError where the file is missing or is no usable picture.
    """
    try:
        return decode(read_content(path))
    except UnusablePictureError as error:
        raise InputError(f"{printable(path)}: {error}; replace it or remove it from the dataset") from None
