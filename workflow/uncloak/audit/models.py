"""Published extractors and black boxes straight from their files."""

import os
from collections.abc import Callable

import numpy as np

from uncloak.extractors.black_box import embed_by_black_box
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.extractors.importing import import_record
from uncloak.pictures.views import Faces
from uncloak.records.extractors import BlackBox, Imported

Embedder = Callable[[Faces], np.ndarray]


def embedder(
    record: Imported | BlackBox, weights: str | os.PathLike | None, margin: int = 0, device: str = "cpu"
) -> Embedder:
    """Return what embeds faces uint8 [N,S,S,3], which show this margin, as float32 [N,D].

    Raises InputError where the weights are missing or others, and as the embedding itself does.
    """
    if isinstance(record, BlackBox):
        return lambda faces: embed_by_black_box(record, faces, weights, margin)
    extractor = opened(record, weights, margin)
    return lambda faces: embed(extractor, faces, device)


def opened(record: Imported, weights: str | os.PathLike, margin: int = 0) -> Extractor:
    """Return the extractor of a record with the weights of a file, for faces that show this margin."""
    return import_record(record, weights).extractor.for_crops(margin)
