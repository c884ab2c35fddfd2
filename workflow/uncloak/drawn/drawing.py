"""Draw whole datasets of the procedural world in parallel; a picture depends on its own name and the seed alone."""

import csv
import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from uncloak.drawn.caption import caption
from uncloak.drawn.identity import person
from uncloak.drawn.nuisance import circumstances, varied
from uncloak.drawn.scene import face, photograph
from uncloak.parallel import map_in_order
from uncloak.pictures.landmarks import LANDMARK_COLUMNS
from uncloak.pictures.names import identity_of, picture_name
from uncloak.pictures.views import Faces, Spooled
from uncloak.progress import track
from uncloak.writing import atomic


def picture_names(people: int, pictures: int, prolific: tuple[int, int] = (0, 0)) -> list[str]:
    """Return picture ids "person_0007/0003": `pictures` of each person, more of the first `prolific[0]` people."""
    many, more = prolific
    return [
        picture_name(f"person_{i:04d}", f"{j:04d}")
        for i in range(people)
        for j in range(more if i < many else pictures)
    ]


def draw_photographs(
    folder: Path,
    landmarks: Path,
    world: str,
    seed: int,
    pictures: Sequence[str],
    size: int,
    workers: int,
    variation: float = 1.0,
    quality: int = 95,
):
    """Write photographs `folder`/IDENTITY/STEM.jpg of side `size`, and their known landmarks (pixels) as a CSV file.

    `world` names the dataset, so that two datasets of one seed show different people. `variation` multiplies how far
    pose, gaze, brows, blur and noise differ from picture to picture; `quality` is that of the JPEG files, 1 to 100.
    """
    for identity in sorted(set(map(identity_of, pictures))):
        (folder / identity).mkdir(parents=True, exist_ok=True)
    draw = partial(
        _draw_photograph, folder=folder, world=world, seed=seed, size=size, variation=variation, quality=quality
    )
    with atomic(landmarks) as path, open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["picture", *LANDMARK_COLUMNS])
        for picture, points in track(map_in_order(draw, pictures, workers), len(pictures), "drawing photographs"):
            writer.writerow([picture, *(f"{value:.3f}" for value in points.ravel())])


def draw_faces(
    world: str,
    seed: int,
    pictures: Sequence[str],
    size: int,
    jitter: float,
    workers: int,
    margin: int = 0,
    folder: str | os.PathLike | None = None,
) -> tuple[Faces, np.ndarray]:
    """Draw aligned faces straight, off by `jitter` eye distances: uint8 [N,size,size,3], and captions (text [N]).

    margin: see `uncloak.pictures.landmarks.template`.
    folder: where the faces wait on disk to be written, that of temporary files unless given.
    """
    faces, captions = Spooled(folder or tempfile.gettempdir(), size), []
    draw = partial(_draw_face, world=world, seed=seed, size=size, jitter=jitter, margin=margin)
    for drawn, text in track(map_in_order(draw, pictures, workers), len(pictures), "drawing faces"):
        faces.append(drawn)
        captions.append(text)
    return faces, np.array(captions)


# The pictures of one person follow each other.
_person = lru_cache(maxsize=1)(person)


def _scene(picture: str, world: str, seed: int) -> tuple:
    return _person(seed, f"{world}/{identity_of(picture)}"), circumstances(seed, f"{world}/{picture}")


def _draw_photograph(
    picture: str, folder: Path, world: str, seed: int, size: int, variation: float, quality: int
) -> tuple[str, np.ndarray]:
    who, how = _scene(picture, world, seed)
    pixels, points = photograph(who, varied(how, variation), size)
    Image.fromarray(pixels).save(folder / f"{picture}.jpg", quality=quality)
    return picture, points


def _draw_face(picture: str, world: str, seed: int, size: int, jitter: float, margin: int) -> tuple[np.ndarray, str]:
    scene = _scene(picture, world, seed)
    return face(*scene, size, jitter, margin), caption(*scene)
