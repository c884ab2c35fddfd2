"""What a learned purifier learns from: perturbed and clean faces of public identities, and what each is to become."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from uncloak.defenses.robust_training import read_perturbed, read_public, strengthened
from uncloak.pictures import views
from uncloak.pictures.labeled import join


class Lessons(NamedTuple):
    """Faces uint8 [N,S,S,3] as scraped.

    Attributes:
        given: perturbed faces, then clean ones.
        wanted: of each the clean face.
        perturbed: bool [N], which of them are perturbed.
        told: who they are, in words.
    """

    given: views.Faces
    wanted: views.Faces
    perturbed: np.ndarray
    told: str


def read_lessons(
    faces: str | os.PathLike,
    split: str | os.PathLike,
    perturbed: Sequence[str | os.PathLike],
    strengths: Sequence[float],
) -> Lessons:
    """Find the faces of public identities, which are read when they are asked for; none of them is a user's.

    Args:
        faces: file of the clean faces.
        split: whose they are.
        perturbed: files of their perturbed faces.
        strengths: how many times as large as its attack made it each perturbation is shown.

    Raises InputError where a file is missing or damaged, or a perturbed face is of nobody public.
    """
    people = read_public(faces, split)
    posted = read_perturbed(perturbed, people)
    shown = strengthened(posted, people, strengths)
    row = {picture: index for index, picture in enumerate(people.pictures)}
    given = join(shown, people)
    wanted = np.array([row[picture] for picture in given.pictures], dtype=np.int64)
    known, cloaked = (len(np.unique(group.identities)) for group in (people, posted))
    return Lessons(
        given.faces,
        views.Picked(people.faces, wanted),
        np.arange(len(wanted)) < len(shown.pictures),
        f"{known} public identities, {cloaked} of them also perturbed, in {len(posted.pictures)} faces",
    )
