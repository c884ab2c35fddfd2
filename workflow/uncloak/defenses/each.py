"""Defenses that treat one face after the other."""

from collections.abc import Callable

import numpy as np

from uncloak.pictures.channel import Channel, Step


def each_face(scraped: np.ndarray, step: Step) -> np.ndarray:
    """Return what a step of a channel, such as a JPEG file, makes of each face, uint8 [N,S,S,3] as the scraped ones.

    These are not changed.
    """
    channel = Channel((step,))
    return np.array([channel.transmit(face) for face in scraped], dtype=np.uint8).reshape(scraped.shape)


def each_face_in_floats(scraped: np.ndarray, treat: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return what `treat` makes of each face, float64 [S,S,3] in [0,1], rounded to 8 bits; both uint8 [N,S,S,3]."""
    treated = np.empty_like(scraped)
    for number, face in enumerate(scraped):
        treated[number] = np.clip(np.rint(255 * treat(face / 255)), 0, 255)
    return treated
