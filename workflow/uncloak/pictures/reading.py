"""Picture files as arrays: every usable still picture becomes upright 8-bit RGB, everything else is refused by name."""

import errno
import importlib
import io
import logging
import os
import stat
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from uncloak.errors import InputError
from uncloak.folders import printable

logger = logging.getLogger(__name__)

# Scraped files often carry the wrong ending, so the content decides. Formats that run a program or hold documents
# (EPS, PDF, PSD) stay closed.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF", "JPEG2000", "PPM")
# What they are usually called, for whoever must tell pictures from other files by their names.
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".gif", ".bmp", ".dib", ".avif", ".heic", ".heif"),
    *(".tif", ".tiff", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm"),
)
_WITH_SIDE_PICTURES = ("MPO", "HEIF")  # which Pillow takes for moving ones
# Phones have 200 million pixels; a picture takes six bytes of memory for each while it is turned upright.
_MOST_PIXELS = 250_000_000
Image.MAX_IMAGE_PIXELS = None  # Pillow's own bound is below that
_HEAD = 16  # bytes, which tell HEIC
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# Value of the EXIF orientation -> what turns such a picture upright.
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Decoders raise anything on damaged files, of which one of thousands must not end a run.
_DAMAGE = Exception


class UnusablePictureError(InputError):
    """A file that is no usable picture; its text is the reason alone, without the path."""


def decode(content: bytes) -> np.ndarray:
    """Decode a picture file's `content` to uint8 [H,W,3] RGB, turned upright by its EXIF orientation.

    Grey, palette, CMYK, 16-bit and alpha pictures are converted; alpha is dropped. Of an MPO file (a phone's JPEG with
    side pictures) or HEIC the first, main picture is taken. EXIF that cannot be read is told in the log, and its
    picture taken as it lies. Raises UnusablePictureError for empty, damaged, truncated, animated and implausibly large
    files, and for HEIC without its reader.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_formats(content)) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise UnusablePictureError(f"too large, over {_MOST_PIXELS:,} pixels")
            if getattr(image, "is_animated", False) and image.format not in _WITH_SIDE_PICTURES:
                raise UnusablePictureError("animated")
            image.load()
            turn = _UPRIGHT.get(_orientation(image))
            # Turned and converted only where it must be, since a photograph's pixels are many megabytes.
            upright = image if turn is None else image.transpose(turn)
            if upright.mode.startswith("I;16"):
                # Pillow clips 16-bit values when converting; keep their upper byte instead.
                upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
            if upright.mode in ("I", "F"):
                raise UnusablePictureError("of more than 16 bits a sample, of which nobody says which is white")
            return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))
    except UnusablePictureError:
        raise
    except _DAMAGE as error:
        raise UnusablePictureError(_unreadable(error)) from None


def _unreadable(error: Exception) -> str:
    # Pillow names the in-memory file by its address, which differs from run to run.
    if isinstance(error, Image.UnidentifiedImageError):
        return "unreadable or truncated (no picture format that is read here)"
    return f"unreadable or truncated ({' '.join(str(error).split()) or type(error).__name__})"


def _formats(content: bytes) -> tuple[str, ...]:
    """The formats that a file may have; HEIC's reader is an extra, since its codec has patents."""
    if content[4:8] != b"ftyp" or content[8:12] not in _HEIF:
        return _FORMATS
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        raise UnusablePictureError(
            "HEIC, whose reader is not installed; run with `uv run --extra heic`, or save it as JPEG"
        ) from None
    return ("HEIF",)


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE as error:
        logger.warning("EXIF that cannot be read, so the picture is taken as it lies (%s)", error)
        return 1


def read_content(path: str | os.PathLike) -> bytes:
    """Read a picture file for `decode`; raises UnusablePictureError where that cannot be done."""
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would be waited for.
            raise UnusablePictureError("cannot be read (it is no file)")
        with path.open("rb") as file:
            _check_kind(file)
            file.seek(0)
            return file.read()
    except OSError as error:
        reason = "a link that leads nowhere" if error.errno == errno.ENOENT and path.is_symlink() else error.strerror
        raise UnusablePictureError(f"cannot be read ({reason})") from None


def _check_kind(file: BinaryIO) -> None:
    """Refuse what is no picture by its beginning: a film of gigabytes is not read whole to learn that it is none."""
    try:
        with Image.open(file, formats=_formats(file.read(_HEAD))):
            pass
    except Image.UnidentifiedImageError as error:
        raise UnusablePictureError(_unreadable(error)) from None
    except UnusablePictureError:
        raise
    except _DAMAGE:
        pass  # `decode` says what


def load_picture(path: str | os.PathLike) -> np.ndarray:
    """Load the picture file `path` as uint8 [H,W,3] RGB, upright; see `decode`.

    Raises InputError where the file is missing or is no usable picture.
    """
    try:
        return decode(read_content(path))
    except UnusablePictureError as error:
        raise InputError(f"{printable(path)}: {error}; replace it or remove it from the dataset") from None
