"""At which size an attack works on face crops, and what is posted then.

Fawkes brings a picture to its square input by padding, contrast stretch and resizing (attacks.md 2.2, 3.2, 3.4).
"""

import numpy as np
from PIL import Image

from uncloak.records.attacks import Preparation

_MEAN_MARGIN = 30


def prepare(faces: np.ndarray, preparation: Preparation | None) -> np.ndarray:
    """Return faces uint8 [N,H,W,3] prepared, uint8 [N,size,size,3]; without a preparation they stay as they are."""
    if preparation is None:
        return faces
    prepared = np.empty((len(faces), preparation.size, preparation.size, 3), np.uint8)
    for row, face in enumerate(faces):
        picture = square(face, preparation.padding)
        for _ in range(preparation.times):
            picture = resize(picture, preparation.size, preparation.stretch)
        prepared[row] = picture
    return prepared


def untouched(faces: np.ndarray, preparation: Preparation | None) -> np.ndarray:
    """Return faces uint8 [N,H,W,3] as they would be posted if nothing was perturbed: what a cloak is compared with."""
    return faces if merges(preparation) else prepare(faces, preparation)


def merges(preparation: Preparation | None) -> bool:
    """Tell whether the cloak goes back to the faces as they were (`uncloak.attacks.merging.merge_back`)."""
    return preparation is not None and preparation.merge != "none"


def resize(picture: np.ndarray, size: int, stretch: str) -> np.ndarray:
    """Resize a picture as Fawkes does, with all that Keras' picture helper adds to it (attacks.md 2.2).

    Args:
        picture: [H,W,3] in grey levels 0..255, integer or float.
        size: side of the result, which is square whatever the picture's shape.
        stretch: of the whole picture's values to 0..255, before they are cut to whole ones. "minmax": from their
            smallest and largest, as keras-preprocessing 1.1.2 does; "max": from 0 and their largest, as 1.1.0 does;
            "none": values are kept.

    Returns:
        uint8 [size,size,3], bicubic, smoothed where it shrinks.
    """
    values = np.asarray(picture, dtype=np.float32)
    if stretch == "minmax":
        values = values - values.min()
    elif stretch == "max":
        values = values + max(-values.min(), 0)
    if stretch != "none":
        largest = values.max()
        if largest != 0:
            values = values / largest
        values = values * 255
    return np.asarray(Image.fromarray(values.astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC))


def square(picture: np.ndarray, padding: str) -> np.ndarray:
    """Return a picture [H,W,3] on its square; see `place`. "mean" gives float64, the others keep the dtype."""
    height, width = picture.shape[:2]
    if padding == "none":
        return picture
    side, top, left = place(height, width, padding)
    if padding == "mean":
        padded = np.broadcast_to(picture.mean(axis=(0, 1), dtype=np.float64), (side, side, 3)).copy()
    else:
        padded = np.zeros((side, side, 3), picture.dtype)
    padded[top : top + height, left : left + width] = picture
    return padded


def place(height: int, width: int, padding: str) -> tuple[int, int, int]:
    """Return the side of the square that a picture is put on, and the row and column of its first pixel there.

    "corner": the top left of a black square as long as its longer side (Fawkes v0.3, attacks.md 3.2); "mean": the
    middle of a square 30 pixels longer, of the picture's mean color (v1.0, 3.4); "none": the picture is a square.
    """
    if padding != "mean":
        return max(height, width), 0, 0
    side = max(height, width) + _MEAN_MARGIN
    return side, (side - height) // 2, (side - width) // 2
