"""Near-duplicates: the same photograph saved again (other size, other JPEG quality), found by perceptual hash."""

from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image

# Aligned faces of one LFW photograph, saved again (JPEG qualities 30 and 60, sides times 0.75 and 2), differ in at most
# so many bits in 83 to 100 of 100; those of two photographs of a person do in 2 of 1000 pairs.
SAME_FACE = 8


class Hashes(NamedTuple):
    """Of a picture whole, and of its aligned face."""

    picture: int
    face: int


class NearDuplicates:
    """Tells of pictures, one after the other, which repeat one of the same identity that was kept before.

    One does where the hashes of the pictures differ in at most `pictures` bits, and those of their faces in at most
    `faces`: on slides, cards and book covers of one kind, whole pictures of different photographs look alike.
    """

    def __init__(self, pictures: int, faces: int = SAME_FACE):
        self._pictures, self._faces = pictures, faces
        self._kept: dict[str, list[tuple[str, Hashes]]] = {}

    def repeated_by(self, identity: str, name: str, hashes: Hashes) -> tuple[str, int] | None:
        """Return the name of the nearest picture that this one repeats, the first of equals, and how many bits differ.

        None keeps the picture, so that later ones are compared with it.
        """
        kept = self._kept.setdefault(identity, [])
        repeated = [
            ((hashes.picture ^ other.picture).bit_count(), earlier)
            for earlier, other in kept
            if (hashes.picture ^ other.picture).bit_count() <= self._pictures
            and (hashes.face ^ other.face).bit_count() <= self._faces
        ]
        if not repeated:
            kept.append((name, hashes))
            return None
        bits, earlier = min(repeated, key=lambda each: each[0])
        return earlier, bits


def perceptual_hash(picture: np.ndarray) -> int:
    """Return the 64-bit DCT hash (`imagehash.phash`) of a picture uint8 [H,W,3] as an unsigned integer."""
    bits = imagehash.phash(Image.fromarray(picture)).hash
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), "big")
