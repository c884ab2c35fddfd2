"""Aligned faces of a dataset: detect, align, and store as one HDF5 file."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from uncloak.errors import InputError
from uncloak.parallel import map_in_order
from uncloak.pictures.alignment import similarity, warp
from uncloak.pictures.detection import Detector, most_central
from uncloak.pictures.duplicates import SAME_FACE, Hashes, NearDuplicates, perceptual_hash
from uncloak.pictures.landmarks import LANDMARK_COLUMNS, template
from uncloak.pictures.names import identity_of
from uncloak.pictures.reading import load_picture
from uncloak.pictures.rejected import REJECTED_COLUMNS
from uncloak.pictures.views import Spooled
from uncloak.progress import track
from uncloak.store import write_arrays

logger = logging.getLogger(__name__)

_DETECTORS = ("mtcnn", "none")


def align_pictures(
    manifest: pd.DataFrame,
    root: str | os.PathLike,
    path: str | os.PathLike,
    *,
    face_size: int,
    margin: int = 0,
    face_detector: str = "mtcnn",
    minimum_face: int = 40,
    landmarks: pd.DataFrame | None = None,
    known_first: bool = False,
    duplicate_distance: int | None = None,
    face_distance: int = SAME_FACE,
    made: Mapping[str, object] | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Align the pictures of `manifest` (files below `root`), write the faces to `path`, and return the rejected.

    face_detector: "mtcnn" finds faces of at least `minimum_face` pixels, takes the most central, and brings its five
    landmarks to the template (attacks.md 4.6); "none" takes each picture as an aligned crop and resizes it to the face
    size (bicubic with antialiasing; crops that are not square are stretched, as FaceCure does).
    margin: what the faces show beyond the standard crop on each side, in its pixels (`uncloak.crops`); with
    face_detector "none" what the pictures show already.
    landmarks: known landmarks, columns picture and LANDMARK_COLUMNS (pixels; left is the viewer's), used only where the
    detector finds no face; with `known_first`, wherever they are known.
    duplicate_distance: pictures of an identity whose perceptual hashes differ in at most so many of 64 bits, and those
    of their aligned faces in at most `face_distance`, are near-duplicates: the first in the order of the manifest is
    kept. All are kept unless it is given.
    made: what the file is to say of its making, besides what follows.

    The file has arrays faces uint8 [N,S,S,3] RGB, picture [N] and aligned_by [N] ("mtcnn", "known", "none") in the
    order of the manifest, and landmarks float32 [N,5,2] in pixels of the upright picture (NaN with face_detector
    "none"); attributes face_detector, face_size, margin and share_known, the share of faces aligned by known landmarks.
    Its bytes do not depend on `workers`, processes of one thread each. Rejected columns: picture, path, reason.

    Raises InputError where a picture cannot be read, the landmarks are malformed, or no face is found at all.
    """
    if face_detector not in _DETECTORS:
        raise InputError(f"face_detector '{face_detector}' is unknown; choose one of {', '.join(_DETECTORS)}")
    if face_detector == "none" and landmarks is not None:
        raise InputError("known landmarks are of no use with face_detector 'none'; leave them out or choose mtcnn")
    if face_detector == "none":
        align = partial(_resize, face_size)
    else:
        _load_detector(minimum_face)
        align = partial(_align, template(face_size, margin), face_size, minimum_face, known_first)
    duplicates = None if duplicate_distance is None else NearDuplicates(duplicate_distance, face_distance)
    known = _index_landmarks(landmarks)
    rows = [_Row(name, file, known.get(name)) for name, file in zip(manifest["picture"], manifest["path"], strict=True)]
    faces = Spooled(Path(path).parent, face_size)
    found, points, origins, rejected = [], [], [], []
    opened = partial(_open, Path(root), align, duplicates is not None)
    results = track(map_in_order(opened, rows, workers), len(rows), "aligning faces")
    for row, (result, hashes) in zip(rows, results, strict=True):
        if result is None:
            rejected.append((row.picture, row.path, "no face found"))
            continue
        repeated = duplicates and duplicates.repeated_by(identity_of(row.picture), row.path, hashes)
        if repeated:
            rejected.append((row.picture, row.path, "near-duplicate of {} ({} of 64 bits differ)".format(*repeated)))
            continue
        face, landmarks_of_face, origin = result
        faces.append(face)
        found.append(row.picture)
        points.append(landmarks_of_face)
        origins.append(origin)
    if not found:
        raise InputError(
            f"{root}: no face found in any of {len(rows)} pictures; lower the detector's minimum face size"
        )
    share_known = origins.count("known") / len(origins)
    how = {"face_detector": face_detector, "face_size": face_size, "margin": margin, "share_known": share_known}
    write_arrays(
        path,
        {
            "faces": faces,
            "picture": np.array(found),
            "landmarks": np.array(points),
            "aligned_by": np.array(origins),
        },
        {**(made or {}), **how},
    )
    logger.info("%d faces, %.1f %% by known landmarks, %d rejected", len(found), 100 * share_known, len(rejected))
    return pd.DataFrame(rejected, columns=REJECTED_COLUMNS, dtype=str)


class _Row(NamedTuple):
    picture: str
    path: str
    landmarks: np.ndarray | None  # known ones


# Face, landmarks, and what they came from.
_Aligned = tuple[np.ndarray, np.ndarray, str]
_detectors: dict[int, Detector] = {}


def _load_detector(minimum_face: int) -> Detector:
    # Kept by the process, and inherited by the processes it forks: loading costs seconds.
    if minimum_face not in _detectors:
        _detectors[minimum_face] = Detector(minimum_face)
    return _detectors[minimum_face]


def _index_landmarks(landmarks: pd.DataFrame | None) -> Mapping[str, np.ndarray]:
    if landmarks is None:
        return {}
    missing = [column for column in ["picture", *LANDMARK_COLUMNS] if column not in landmarks.columns]
    if missing:
        raise InputError(f"known landmarks lack column '{missing[0]}'; add it")
    points = landmarks[LANDMARK_COLUMNS].to_numpy(np.float32).reshape(-1, 5, 2)
    return dict(zip(landmarks["picture"], points, strict=True))


def _open(
    root: Path, align: Callable[[_Row, np.ndarray], _Aligned | None], hashed: bool, row: _Row
) -> tuple[_Aligned | None, Hashes | None]:
    picture = load_picture(root / row.path)
    aligned = align(row, picture)
    hashes = Hashes(perceptual_hash(picture), perceptual_hash(aligned[0])) if hashed and aligned else None
    return aligned, hashes


def _align(
    places: np.ndarray, size: int, minimum_face: int, known_first: bool, row: _Row, picture: np.ndarray
) -> _Aligned | None:
    known = None if row.landmarks is None else (row.landmarks, "known")
    points, origin = (known if known_first else None) or _found(picture, minimum_face) or known or (None, "")
    if points is None:
        return None
    try:
        matrix = similarity(points, places)
    except InputError as error:
        raise InputError(f"{row.picture}: {error}") from None
    return warp(picture, matrix, size), points, origin


def _found(picture: np.ndarray, minimum_face: int) -> tuple[np.ndarray, str] | None:
    [candidates] = _load_detector(minimum_face).detect([picture])
    if not len(candidates.boxes):
        return None
    height, width = picture.shape[:2]
    return candidates.landmarks[most_central(candidates, width, height)], "mtcnn"


def _resize(size: int, row: _Row, picture: np.ndarray) -> _Aligned:
    image = Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image), np.full((5, 2), np.nan, np.float32), "none"
