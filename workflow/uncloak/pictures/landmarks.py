"""The five landmarks of a face: their names, and their places in a standard crop.

Coordinates are (x, y) in pixels, and whole numbers are pixel centers: (0, 0) is the center of the top left pixel.
"""

import numpy as np

# How tables name the five landmarks, in the order of every array of them; left is the viewer's.
LANDMARK_COLUMNS = [
    f"{point}_{axis}" for point in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth") for axis in "xy"
]

_TEMPLATE_SIZE = 112
# ArcFace's (arXiv 1801.07698), as released by insightface; attacks.md 4.6.
_TEMPLATE = (
    (38.29459953, 51.69630051),
    (73.53179932, 51.50139999),
    (56.02519989, 71.73660278),
    (41.54930115, 92.36550140),
    (70.72990036, 92.20410156),
)


def template(size: int) -> np.ndarray:
    """Return the landmarks' places in a crop of `size` x `size` pixels, float64 [5,2].

    The half pixels keep the crop's outer edges in place: a crop made at this size shows the same as one made at 112 and
    resized, so extractors may resize it back.
    """
    return (np.array(_TEMPLATE) + 0.5) * (size / _TEMPLATE_SIZE) - 0.5
