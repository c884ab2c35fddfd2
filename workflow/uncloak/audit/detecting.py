"""Every face in every photograph of an audit, aligned as a dataset's are."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from uncloak.errors import InputError
from uncloak.parallel import map_in_order
from uncloak.pictures.alignment import similarity, warp
from uncloak.pictures.channel import Channel
from uncloak.pictures.landmarks import template
from uncloak.pictures.reading import UnusablePictureError, decode, read_content
from uncloak.progress import track
from uncloak.visibility.pictures import measure

NO_CHANNEL = "none"
_MOST_FACES = 20  # of a crowd in the street, the largest
_SMALLEST_SHARE = 25  # of a photograph's longer side: who is smaller stands in the background


@dataclass(frozen=True)
class Crop:
    """What aligned faces show: their side in pixels, what they show beyond the standard crop, and the smallest face."""

    face_size: int
    margin: int
    minimum_face: int


@dataclass(frozen=True)
class Found:
    """The F faces of a photograph, the largest first.

    Attributes:
        reason: why there is none, or empty.
        size: width and height of the upright photograph.
        digest: SHA-256 of its pixels.
        boxes: float32 [F,4], as `uncloak.pictures.detection.Candidates` has them.
        landmarks: float32 [F,5,2], likewise.
        faces: channel ("none": as it is) -> uint8 [F,S,S,3].
    """

    reason: str = ""
    size: tuple[int, int] = (0, 0)
    digest: str = ""
    boxes: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    faces: Mapping[str, np.ndarray] | None = None


def find_faces(
    paths: Sequence[Path], crop: Crop, channels: Sequence[Mapping[str, Channel]], workers: int = 1
) -> list[Found]:
    """Find the faces of these N files; `channels` are, of each, what it may go through before it is looked at.

    Faces are found in the picture as it is: what a channel does to it moves none.
    """
    _detector()
    tasks = list(zip(paths, channels, strict=True))
    return list(track(map_in_order(partial(_find, crop), tasks, workers), len(tasks), "finding faces"))


def cut(
    picture: np.ndarray, landmarks: np.ndarray, crop: Crop, channels: Mapping[str, Channel]
) -> dict[str, np.ndarray]:
    """Return the face with these landmarks [5,2], uint8 [S,S,3], as it is and through each channel."""
    matrix = similarity(landmarks, template(crop.face_size, crop.margin))
    seen = {NO_CHANNEL: picture} | {name: channel.transmit(picture) for name, channel in channels.items()}
    return {name: warp(each, matrix, crop.face_size) for name, each in seen.items()}


@dataclass(frozen=True)
class Pair:
    """A clean photograph, where its face is, and the cloaked one."""

    clean: Path
    cloaked: Path
    landmarks: np.ndarray
    channels: Mapping[str, Channel]


@dataclass(frozen=True)
class Shown:
    """How much a cloak shows on the face: DSSIM, and the largest change in grey levels; and the face that was measured.

    Where the two photographs differ in shape, nothing of it is known (NaN and None).
    """

    dssim: float
    largest_change: float
    landmarks: np.ndarray | None
    faces: Mapping[str, np.ndarray] | None


def compare(pairs: Sequence[Pair], crop: Crop, workers: int = 1) -> list[Shown]:
    """Cut the same place, that of the clean face, out of both photographs of each pair, and measure the difference."""
    results = map_in_order(partial(_compare, crop), list(pairs), workers)
    return list(track(results, len(pairs), "comparing clean and cloaked"))


@cache
def _detector():
    # Kept by the process, and inherited by those it forks: loading costs seconds.
    from uncloak.pictures.detection import Detector  # torch, which what is measured of the pictures does without

    return Detector()


def _find(crop: Crop, task: tuple[Path, Mapping[str, Channel]]) -> Found:
    path, channels = task
    try:
        picture = decode(read_content(path))
    except UnusablePictureError as error:
        return Found(reason=str(error))
    height, width = picture.shape[:2]
    size, digest = (width, height), hashlib.sha256(picture.tobytes()).hexdigest()
    detector = _detector()
    detector.minimum_face = max(crop.minimum_face, max(size) // _SMALLEST_SHARE)
    [found] = detector.detect([picture])
    areas = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1)
    cuts = []
    for row in np.argsort(-areas, kind="stable")[:_MOST_FACES]:
        try:
            cuts.append((row, cut(picture, found.landmarks[row], crop, channels)))
        except InputError:  # points that are no face's
            continue
    if not cuts:
        return Found("no face found", size, digest)
    rows = [row for row, _ in cuts]
    faces = {name: np.stack([each[name] for _, each in cuts]) for name in (NO_CHANNEL, *channels)}
    return Found("", size, digest, found.boxes[rows], found.landmarks[rows], faces)


def _compare(crop: Crop, pair: Pair) -> Shown:
    clean, cloaked = (decode(read_content(path)) for path in (pair.clean, pair.cloaked))
    scale = np.array([cloaked.shape[1] / clean.shape[1], cloaked.shape[0] / clean.shape[0]])
    if abs(scale[0] / scale[1] - 1) > 0.01:
        return Shown(np.nan, np.nan, None, None)
    points = (pair.landmarks + 0.5) * scale - 0.5
    faces = cut(cloaked, points, crop, pair.channels)
    before = cut(clean, pair.landmarks, crop, {})[NO_CHANNEL]
    values = measure(before[None], faces[NO_CHANNEL][None])
    return Shown(float(values["dssim"][0]), float(values["linf"][0]), points, faces)
