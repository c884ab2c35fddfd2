"""A detector trained as its record says, and what it says of everybody's faces."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from uncloak.defenses.detection import Detector, build, score, train
from uncloak.defenses.detection_pictures import divide, to_learn_from, to_score
from uncloak.pictures.names import identity_of
from uncloak.pictures.stored import read_faces
from uncloak.recognition.flags import CLEAN
from uncloak.records import detectors as records
from uncloak.store import read_arrays

ByAttack = Mapping[str, Mapping[str, np.ndarray]]


class Trained(NamedTuple):
    """A trained detector.

    Attributes:
        detector: in evaluation mode.
        scores: one row for each face that is scored, with the columns detector, those of
            `uncloak.defenses.detection_pictures.to_score`, and score in [0,1].
        people: number of identities that it has learned from.
    """

    detector: Detector
    scores: pd.DataFrame
    people: int


def train_detector(
    record: records.Detector,
    faces: str | os.PathLike,
    split: pd.DataFrame,
    perturbed: ByAttack,
    posted: ByAttack,
    seed: int,
    name: str,
    *,
    imagenet: str | os.PathLike | None = None,
    device: str = "cpu",
) -> Trained:
    """Train a detector as a record of `detectors` says, and score the faces of its test people and of the gallery.

    Args:
        record: the detector.
        faces: file of everybody's clean faces.
        split: columns picture, identity, part and role.
        perturbed: attack -> picture -> face uint8 [S,S,3], of identities with role detector.
        posted: the same of users, which are scored alone: they change neither the detector nor the scores of others.
        seed: of the experiment.
        name: of the detector, which seeds and messages carry.
        imagenet: torchvision's file of MobileNetV2's weights, where the record wants them.
        device: where to compute.

    Raises InputError where identities or pictures do not suffice, sizes differ, or the training diverges.
    """
    divided = divide(split, record.identities.model_dump(), seed)
    lessons = to_learn_from(perturbed, divided, record.attacks, seed)
    originals = read_faces(faces, lessons["picture"])
    changed = np.stack([perturbed[lesson.attack][lesson.picture] for lesson in lessons.itertuples()])
    detector = train(build(record, seed, name, imagenet), originals, changed, record, seed, name, device)
    table = to_score(split, divided, perturbed, posted)
    for posting, rows in table.groupby("posting", sort=False):
        if posting == CLEAN:
            shown = read_faces(faces, rows["picture"])
        else:
            made = {**posted.get(posting, {}), **perturbed.get(posting, {})}
            shown = np.stack([made[picture] for picture in rows["picture"]])
        table.loc[rows.index, "score"] = score(detector, shown, device)
    table.insert(0, "detector", name)
    return Trained(detector, table, lessons["picture"].map(identity_of).nunique())


def read_by_attack(attacks: Sequence[str], paths: Sequence[str | os.PathLike]) -> dict[str, dict[str, np.ndarray]]:
    """Read attack -> picture -> its perturbed face uint8 [S,S,3], from a file for each; an attack may have several.

    Raises InputError where a file is missing or damaged.
    """
    faces = {attack: {} for attack in attacks}
    for attack, path in zip(attacks, paths, strict=True):
        pictures, perturbed = read_arrays(path, "picture", "faces")
        faces[attack].update(zip(pictures.tolist(), perturbed, strict=True))
    return faces
