"""The five landmarks of a face: their names, and their places in a standard crop.

Coordinates are (x, y) in pixels, and whole numbers are pixel centers: (0, 0) is the center of the top left pixel.
"""

import numpy as np

from uncloak.crops import POINTS, STANDARD

# How tables name the five landmarks, in the order of every array of them; left is the viewer's.
LANDMARK_COLUMNS = [
    f"{point}_{axis}" for point in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth") for axis in "xy"
]
# How files name how far the landmarks found in a posted photograph lie from those of the clean one.
SHIFT = "landmark_shift"


def template(size: int, margin: int = 0) -> np.ndarray:
    """Return the landmarks' places in a crop of `size` x `size` pixels, float64 [5,2].

    margin: what the crop shows beyond the standard one, on each side, in pixels of the standard crop (`uncloak.crops`).
    The half pixels keep the crop's outer edges in place: a crop made at this size shows the same as one made at 112 and
    resized, so extractors may resize it back.
    """
    return (np.array(POINTS) + margin + 0.5) * (size / (STANDARD + 2 * margin)) - 0.5
