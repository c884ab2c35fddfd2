"""Defenses that treat one face after the other by a step of a channel, such as a JPEG file."""

import numpy as np

from uncloak.pictures.channel import Channel, Step


def each_face(scraped: np.ndarray, step: Step) -> np.ndarray:
    """Return what becomes of each face, uint8 [N,S,S,3] as the scraped ones, which are not changed."""
    channel = Channel((step,))
    return np.array([channel.transmit(face) for face in scraped], dtype=np.uint8).reshape(scraped.shape)
