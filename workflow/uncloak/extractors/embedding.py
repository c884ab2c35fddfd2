"""Embed 8-bit faces with an extractor, batch by batch."""

from collections.abc import Iterator

import numpy as np
import torch

from uncloak.errors import InputError
from uncloak.extractors.extractor import Extractor
from uncloak.halving import Halving
from uncloak.pictures.tensors import as_floats
from uncloak.pictures.views import Faces, Picked, View
from uncloak.progress import track

BATCH = 64


def embed(extractor: Extractor, faces: Faces, device: str = "cpu", first: int = 0) -> np.ndarray:
    """Return the embeddings float32 [N,D] of `faces` uint8 [N,S,S,3].

    Of a view, or an HDF5 dataset, each batch is read alone: beside the embeddings, memory does not grow with N.
    first: the number of the first face, for messages.

    Raises InputError where the faces are not 8-bit, or an embedding is not finite.
    """
    extractor = extractor.to(device, memory_format=torch.channels_last).eval()
    on_gpu, embeddings, halved = torch.device(device).type == "cuda", None, Halving("embedding")
    with torch.inference_mode():
        for start, batch in zip(range(0, len(faces), BATCH), batches(faces), strict=True):
            parts = halved(lambda rows, batch=batch: extractor(as_floats(batch[rows], device)).float(), len(batch))
            for rows, found in parts:
                if embeddings is None:
                    embeddings = torch.empty(len(faces), found.shape[1], pin_memory=on_gpu)
                # Nothing here waits for a GPU, to which pinned memory is open: while it computes, the next is read.
                embeddings[start + rows.start : start + rows.stop].copy_(found, non_blocking=True)
    if on_gpu:
        torch.cuda.synchronize(device)
    embeddings = embeddings.numpy()
    check_finite(embeddings, "a network", first)
    return embeddings


class Embedded(View):
    """The embeddings float32 [N,D] of faces uint8 [N,S,S,3], made when they are asked for, so never all at once.

    Raises InputError, then, as `embed` does.
    """

    def __init__(self, extractor: Extractor, faces: Faces, device: str = "cpu"):
        self._extractor, self._faces, self._device = extractor, faces, device
        self.shape = len(faces), embed(extractor, faces[:1], device).shape[1]
        self.dtype = np.dtype(np.float32)

    def read(self, rows: np.ndarray) -> np.ndarray:
        return embed(self._extractor, Picked(self._faces, rows), self._device, int(rows[0]))


def batches(faces: np.ndarray, size: int = BATCH) -> Iterator[np.ndarray]:
    """Yield `faces` uint8 [N,S,S,3] (an array, or an HDF5 dataset) by `size`, each batch read when it is asked for.

    Raises InputError where the faces are not 8-bit.
    """
    if faces.dtype != np.uint8:
        # What is posted and scraped is 8-bit: a cloak that rounding destroys must not count.
        raise InputError(f"faces are {faces.dtype}; only 8-bit pictures (uint8) are evaluated")
    for start in track(range(0, len(faces), size), len(faces), "embedding", weight=size):
        yield faces[start : start + size]


def check_finite(embeddings: np.ndarray, what: str, first: int = 0) -> None:
    """Raise InputError where `what` gave embeddings [N,D] that are not finite, of pictures from number `first` on."""
    # NaN spoils least and largest values, too; a mark for each value would take a quarter of the memory again.
    broken = np.flatnonzero(~np.isfinite([embeddings.min(axis=1), embeddings.max(axis=1)]).all(axis=0))
    if len(broken):
        reason = f"gives values that are not finite for picture number {first + broken[0]}"
        raise InputError(f"{what} {reason}; check its weights, or its code")
