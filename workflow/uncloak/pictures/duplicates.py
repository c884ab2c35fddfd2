"""Near-duplicates: the same photograph saved again (other size, other JPEG quality), found by perceptual hash."""

from collections.abc import Sequence

import imagehash
import numpy as np
from PIL import Image


def perceptual_hash(picture: np.ndarray) -> int:
    """Return the 64-bit DCT hash (`imagehash.phash`) of a picture uint8 [H,W,3] as an unsigned integer."""
    bits = imagehash.phash(Image.fromarray(picture)).hash
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), "big")


def find_near_duplicates(hashes: Sequence[int], distance: int) -> dict[int, tuple[int, int]]:
    """Return near-duplicates as {index: (index of the picture it repeats, Hamming distance)}.

    Pictures are taken in order; one is a near-duplicate where its hash differs by at most `distance` bits from that of
    a picture kept before. The nearest such picture is named, the earliest on ties.
    """
    kept: list[int] = []
    repeats: dict[int, tuple[int, int]] = {}
    for index, value in enumerate(hashes):
        nearest = min(((value ^ hashes[other]).bit_count(), other) for other in kept) if kept else (65, -1)
        if nearest[0] <= distance:
            repeats[index] = (nearest[1], nearest[0])
        else:
            kept.append(index)
    return repeats
