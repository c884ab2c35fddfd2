"""Alignment: a similarity transform takes five landmarks of a photograph to fixed places in the face crop.

Coordinates are (x, y) in pixels, and whole numbers are pixel centers: (0, 0) is the center of the top left pixel.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import affine_transform

from uncloak.errors import InputError


def similarity(landmarks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the 2x3 matrix of the similarity (no reflection) that brings `landmarks` nearest to `places`, both [K,2].

    Least squares (Umeyama 1991). In the plane the fit is complex linear regression, w = a z + b with scale |a| and
    rotation arg a, which has no reflections to exclude. Raises InputError where landmarks are not finite or coincide.
    """
    landmarks = np.asarray(landmarks, dtype=np.float64)
    if not np.isfinite(landmarks).all() or not np.ptp(landmarks, axis=0).any():
        raise InputError("landmarks are not finite or all coincide; correct or remove them")
    source = landmarks @ (1, 1j)
    target = np.asarray(places, dtype=np.float64) @ (1, 1j)
    centered = source - source.mean()
    a = np.vdot(centered, target - target.mean()) / np.vdot(centered, centered).real
    b = target.mean() - a * source.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def original_similarity(landmarks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the 2x3 matrix from `landmarks` to `places`, both [K,2], that LowKey's own code fits (attacks.md 4.6).

    It brings the places nearest to the landmarks and is then inverted, so that its crops are larger than those of
    `similarity` by as much as the points do not fit. A reflection is taken where it fits the places better.

    Raises InputError where landmarks are not finite, coincide, or leave no inverse.
    """
    similarity(landmarks, places)  # refuses what cannot be fitted
    fits = []
    for mirror in (1, -1):
        fit = similarity(places * (mirror, 1), landmarks)
        if not np.linalg.det(fit[:, :2]) > 0:
            continue
        inverse = np.linalg.inv(fit[:, :2])
        matrix = np.column_stack([inverse, -inverse @ fit[:, 2]]) * [[mirror], [1]]
        missed = landmarks @ matrix[:, :2].T + matrix[:, 2] - places
        fits.append((np.square(missed).sum(), matrix))
    if not fits:
        raise InputError("landmarks are so unlike a face that their alignment has no inverse; correct or remove them")
    return min(fits, key=lambda fit: fit[0])[1]


def warp(picture: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Return the crop uint8 [size,size,3] that the 2x3 `matrix` (picture to crop) cuts from `picture`, uint8 [H,W,3].

    Bilinear; what lies outside the picture is black. Bilinear sampling reads four pixels for each one of the crop, so
    where the picture shrinks to half or less it would skip pixels and alias. There the picture is first averaged over
    square blocks, the largest that leave it no smaller than the crop needs.

    Raises InputError where the matrix has no inverse.
    """
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if not scale > 0:
        raise InputError("an alignment matrix cannot be inverted; correct the landmarks it was made from")
    block = max(1, int(1 / scale))
    if block > 1:
        picture = np.asarray(Image.fromarray(picture).reduce(block))
    inverse = np.linalg.inv(matrix[:, :2])
    # Block j covers pixels block * j ... block * j + block - 1, so its center is (block - 1) / 2 beyond the first.
    step = inverse / block
    start = (-inverse @ matrix[:, 2] - (block - 1) / 2) / block
    # Arrays are indexed (row, column) = (y, x).
    rows, offset = step[::-1, ::-1], start[::-1]
    channels = [
        affine_transform(
            picture[..., channel].astype(np.float64), rows, offset, (size, size), order=1, mode="grid-constant", cval=0
        )
        for channel in range(picture.shape[2])
    ]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
