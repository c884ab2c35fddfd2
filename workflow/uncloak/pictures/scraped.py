"""Photographs as a trainer scrapes them: sent through a channel, then searched for faces and aligned anew."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image

from uncloak.pictures.channel import Channel
from uncloak.pictures.faces import align_pictures
from uncloak.pictures.landmarks import LANDMARK_COLUMNS, SHIFT
from uncloak.pictures.reading import load_picture
from uncloak.records.datasets import Alignment
from uncloak.store import read_arrays, read_attributes
from uncloak.writing import temporary_name

ARRAYS = ("faces", "picture", "aligned_by", "landmarks")


def align_scraped(
    table: pd.DataFrame,
    root: str | os.PathLike,
    alignment: Alignment,
    crop: Mapping[str, int],
    channel: Channel,
    known: tuple[np.ndarray, np.ndarray],
    by: str = "found",
    scratch: str | os.PathLike | None = None,
    workers: int = 1,
) -> tuple[dict[str, np.ndarray], dict[str, str | int | float]]:
    """Align the faces of posted photographs.

    Args:
        table: columns picture and path, below `root`.
        root: folder of the photographs.
        alignment: as the dataset's photographs are aligned.
        crop: `face_size` and `margin` of the aligned faces, as `align_pictures` takes them.
        channel: what happens to the photographs before they are scraped.
        known: ids str [M] of photographs, and the landmarks float [M,5,2] of the clean ones: where the detector loses
            the face, the trainer still has an idea of where it is.
        by: the landmarks that faces are aligned by: those "found", or the "clean" ones wherever they are known.
        scratch: folder that takes the transmitted photographs meanwhile; the system's unless given.
        workers: processes.

    Returns arrays of `uncloak.pictures.faces.align_pictures`, faces, picture and aligned_by, with `SHIFT` float64 [N],
    how far the landmarks lie from the clean ones (mean of the five, in pixels of the photograph; NaN where these are
    not known); and its attributes, what they were aligned by.

    Raises InputError as `align_pictures` does.
    """
    pictures, points = known
    landmarks = pd.DataFrame(points.reshape(len(points), 10), columns=LANDMARK_COLUMNS).assign(picture=pictures)
    with TemporaryDirectory(dir=scratch, prefix=temporary_name("aligned").name) as folder:
        aligned, root = Path(folder, "aligned.h5"), Path(root)
        if channel.steps:
            names = [f"{row}.png" for row in range(len(table))]
            for name, path in zip(names, table["path"], strict=True):
                Image.fromarray(channel.transmit(load_picture(root / path))).save(Path(folder, name))
            table, root = table.assign(path=names), Path(folder)
        how = {**crop, "landmarks": landmarks, "known_first": by == "clean", "workers": workers, **dict(alignment)}
        align_pictures(table, root, aligned, **how)
        arrays = dict(zip(ARRAYS, read_arrays(aligned, *ARRAYS), strict=True))
        shift = _shift(arrays.pop("landmarks"), arrays["picture"], known)
        return {**arrays, SHIFT: shift}, read_attributes(aligned)


def _shift(landmarks: np.ndarray, pictures: np.ndarray, known: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    clean = dict(zip(known[0], known[1], strict=True))
    nowhere = np.full((5, 2), np.nan)
    from_clean = landmarks - np.stack([clean.get(picture, nowhere) for picture in pictures]).astype(np.float64)
    return np.linalg.norm(from_clean, axis=2).mean(axis=1)
