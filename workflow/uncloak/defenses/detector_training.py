"""A detector trained as its record says, and what it says of everybody's faces."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from uncloak.defenses.detection import Detector, build, score, train
from uncloak.defenses.detection_pictures import divide, to_learn_from, to_score
from uncloak.pictures.labeled import Faces, join, view_all_labeled
from uncloak.pictures.names import identity_of
from uncloak.pictures.stored import rows_of
from uncloak.pictures.views import Stored, View, joined, picked
from uncloak.recognition.flags import CLEAN
from uncloak.records import detectors as records

ByAttack = Mapping[str, Faces]


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
        perturbed: attack -> faces of identities with role detector; views are read when a batch needs them.
        posted: the same of users, which are scored alone: they change neither the detector nor the scores of others.
        seed: of the experiment.
        name: of the detector, which seeds and messages carry.
        imagenet: torchvision's file of MobileNetV2's weights, where the record wants them.
        device: where to compute.

    Raises InputError where identities or pictures do not suffice, sizes differ, or the training diverges.
    """
    divided = divide(split, record.identities.model_dump(), seed)
    ids, posted_ids = ({attack: own.pictures.tolist() for attack, own in each.items()} for each in (perturbed, posted))
    lessons = to_learn_from(ids, divided, record.attacks, seed)
    originals = Stored(faces, rows_of(faces, lessons["picture"]))
    changed = _changed(lessons, perturbed)
    detector = train(build(record, seed, name, imagenet), originals, changed, record, seed, name, device)
    table = to_score(split, divided, ids, posted_ids)
    for posting, rows in table.groupby("posting", sort=False):
        if posting == CLEAN:
            shown = Stored(faces, rows_of(faces, rows["picture"]))
        else:
            shown = join(*(each[posting] for each in (posted, perturbed) if posting in each)).of(rows["picture"])
        table.loc[rows.index, "score"] = score(detector, shown, device)
    table.insert(0, "detector", name)
    return Trained(detector, table, lessons["picture"].map(identity_of).nunique())


def _changed(lessons: pd.DataFrame, perturbed: ByAttack) -> View:
    """Return the perturbed face of each lesson (columns picture and attack), in their order."""
    groups = lessons.groupby("attack").indices  # of the lessons' rows
    faces = joined([perturbed[attack].of(lessons["picture"].iloc[rows]) for attack, rows in groups.items()])
    return picked(faces, np.argsort(np.concatenate(list(groups.values()))))


def view_by_attack(attacks: Sequence[str], paths: Sequence[str | os.PathLike]) -> dict[str, Faces]:
    """Find the perturbed faces of each attack, which are read when they are asked for; it may have several files.

    Raises InputError where a file is missing or damaged.
    """
    files = {attack: [] for attack in attacks}
    for attack, path in zip(attacks, paths, strict=True):
        files[attack].append(view_all_labeled(path))
    return {attack: join(*parts) for attack, parts in files.items()}
