"""Embedding of faces: what is posted, and nothing finer."""

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import build


def test_only_8_bit_faces_are_embedded():
    extractor = build(
        {
            "network": {"name": "pixels"},
            "input": {"size": [16, 16], "template": "arcface", "mean": [0.0] * 3, "std": [1.0] * 3, "color": "rgb"},
        }
    )
    faces = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    assert len(embed(extractor, faces)) == 3
    with pytest.raises(InputError, match="float32; only 8-bit"):
        embed(extractor, faces.astype(np.float32))
