"""Embed 8-bit faces with a black box: what it gives is checked, and whatever it raises told in one line."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

import numpy as np

from uncloak.errors import InputError, printable
from uncloak.extractors import published
from uncloak.extractors.embedding import BATCH, batches, check_finite
from uncloak.extractors.extractor import Preprocessing
from uncloak.pictures.tensors import as_floats
from uncloak.published_files import PublishedFile
from uncloak.records.extractors import BlackBox

logger = logging.getLogger(__name__)


def embed_by_black_box(
    record: BlackBox, faces: np.ndarray, weights: str | os.PathLike | None = None, margin: int = 0
) -> np.ndarray:
    """Return the embeddings float32 [N,D] of `faces` uint8 [N,S,S,3] (an array, or an HDF5 dataset read by batches).

    record: the box, and the crop that it gets, in 8 bits; weights: the file of a box that takes one; margin: what
    the faces show beyond the standard crop, in its pixels.
    Raises InputError where the faces are not 8-bit, the file is another, or the box cannot be opened, fails, or gives
    anything but an embedding of finite numbers for every face.
    """
    said = f"black box {record.box.name}"
    # With these, what comes out counts grey levels.
    crop = Preprocessing(**record.crop.plain(), mean=[0.0] * 3, std=[1 / 255] * 3)
    crop.stored_margin = margin
    given = {}
    if record.weights is not None:
        file = PublishedFile.of(record.weights.model_dump())
        published.check(weights, file.digits, file.advice)
        given["weights"] = weights
    with _in_one_line(f"{said}: cannot be opened"):
        module = import_module(f"uncloak.extractors.black_boxes.{record.box.name}")
        box = module.build(**dict(record.box.options), **given)
    embeddings, done = None, 0
    for batch in batches(faces, getattr(module, "BATCH", BATCH)):
        chips = crop(as_floats(batch, "cpu")).permute(0, 2, 3, 1)
        found = _embedded(box, chips.round().clamp(0, 255).byte().contiguous().numpy(), said)
        if embeddings is None:
            # At once: kept rows between the batches would leave gaps in memory that no later batch fits into.
            embeddings = np.empty((len(faces), found.shape[1]), np.float32)
        if found.shape[1] != embeddings.shape[1]:
            lengths = f"{found.shape[1]} numbers after some of {embeddings.shape[1]}"
            raise InputError(f"{said}: gives embeddings of {lengths}; correct it")
        embeddings[done : done + len(found)] = found
        done += len(found)
    check_finite(embeddings, said)
    return embeddings


def _embedded(box: Callable[[np.ndarray], object], chips: np.ndarray, said: str) -> np.ndarray:
    """Return what a box gives for crops uint8 [N,H,W,3], float32 [N,D]."""
    with _in_one_line(f"{said}: failed"):
        found = np.asarray(box(chips))
    if found.dtype.kind not in "fiu":
        raise InputError(f"{said}: gives values of type {found.dtype}, no numbers; correct it")
    if found.ndim != 2 or len(found) != len(chips) or not found.shape[1]:
        shape = list(found.shape)
        raise InputError(f"{said}: gives an array of shape {shape} for {len(chips)} faces; it must be [faces, D]")
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    """Tell in one line what somebody else's code raises; all of it goes to the log."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        logger.exception(what)
        reason = printable(" ".join(str(error).split()))[:300]
        raise InputError(f"{what} ({type(error).__name__}: {reason}); the job's log has more") from None
