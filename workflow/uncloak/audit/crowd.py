"""Other people, among whom a person is looked for: a part of a folder of photographs, PERSON/FILE."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

import numpy as np

from uncloak.audit.detecting import NO_CHANNEL, Crop, find_faces
from uncloak.errors import InputError
from uncloak.folders import files_in, folders_in, printable
from uncloak.pictures.detection import Candidates, most_central
from uncloak.pictures.reading import ENDINGS
from uncloak.seeds import generator

logger = logging.getLogger(__name__)


def crowd_faces(
    root: str | os.PathLike, crop: Crop, *, people: int, pictures: int, seed: int, workers: int = 1
) -> dict[str, np.ndarray]:
    """Return the faces of at most so many people of a folder, and at most so many pictures of each.

    The people are drawn; of each the first pictures by name count, and in each picture the most central face, as in
    datasets. Returns arrays: faces uint8 [N,S,S,3], identity, picture and digest (of the photograph's pixels), text
    [N].

    Raises InputError where the folder is missing or no face of at least two people is found.
    """
    found = _people(Path(root))
    order = generator(seed, "audit crowd").permutation(sorted(found))[:people]
    chosen = [(name, path) for name in sorted(order.tolist()) for path in found[name][:pictures]]
    answers = find_faces([path for _, path in chosen], crop, [{}] * len(chosen), workers)
    kept = [(*each, answer) for each, answer in zip(chosen, answers, strict=True) if not answer.reason]
    logger.info("%s: %d of %d pictures have a face", root, len(kept), len(chosen))
    if len({name for name, _, _ in kept}) < 2:
        raise InputError(f"crowd: {printable(root)}: faces of fewer than two people; name a folder PERSON/FILE")
    faces = []
    for _, _, answer in kept:
        candidates = Candidates(answer.boxes, np.zeros(len(answer.boxes)), answer.landmarks)
        faces.append(answer.faces[NO_CHANNEL][most_central(candidates, *answer.size)])
    return {
        "faces": np.stack(faces),
        "identity": np.array([name for name, _, _ in kept]),
        "picture": np.array([f"{name}/{printable(path.name)}" for name, path, _ in kept]),
        "digest": np.array([answer.digest for _, _, answer in kept]),
    }


def _people(root: Path) -> dict[str, Sequence[Path]]:
    """Return the picture files of each folder; a file beside folders is one person."""
    found: dict[str, list[Path]] = {}
    for path in filter(_is_picture, files_in(root)):
        found.setdefault(_person(path.stem), []).append(path)
    for folder in folders_in(root):
        if files := [path for path in sorted(folder.rglob("*")) if _is_picture(path)]:
            found.setdefault(_person(folder.name), []).extend(files)
    if not found:
        raise InputError(f"crowd: {printable(root)}: holds no photographs; name a folder PERSON/FILE")
    return found


def _person(name: str) -> str:
    return normalize("NFC", printable(name))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")
