"""An extractor trained or tuned as its record says."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch

from uncloak.checkpoints import Checkpoint
from uncloak.extractors.extractor import Extractor, build
from uncloak.extractors.training import Schedule, divide_background, train, validation_error
from uncloak.extractors.weights import load, read_metadata
from uncloak.pictures.views import Faces, Picked
from uncloak.records import extractors as records
from uncloak.records.reading import converted

if TYPE_CHECKING:
    from uncloak.extractors.text_tower import TextTower


class Fitted(NamedTuple):
    """A trained extractor.

    Attributes:
        extractor: frozen, on the CPU.
        record: its network and input, from which and its weights it is rebuilt.
        source: what it has learned from, in words.
        clean_error: share of the probes of identities that it has not seen whose nearest gallery face is another's.
        tower: the text tower that it was trained with, on the CPU; None where with none.
    """

    extractor: Extractor
    record: dict
    source: str
    clean_error: float
    tower: "TextTower | None" = None


def fit(
    record: records.Trained | records.Finetuned,
    faces: Faces,
    pictures: Sequence[str],
    split: pd.DataFrame,
    seed: int,
    name: str,
    *,
    margin: int = 0,
    captions: np.ndarray | None = None,
    origin: str | os.PathLike | None = None,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Train an extractor on background identities, from scratch or from another extractor.

    Args:
        record: the extractor, without public identities (see `uncloak.defenses.robust_training.fit_robustly`).
        faces: uint8 [N,S,S,3]; of a view such as `uncloak.pictures.views.Stored`, each batch is read alone.
        pictures: ids of the N faces.
        split: columns picture, identity and role; those of role background are learned, less the held out.
        seed: of the experiment.
        name: of the extractor, which seeds and messages carry.
        margin: what the faces show beyond the standard crop, in its pixels (`uncloak.crops`).
        captions: text [N], for the contrastive loss.
        origin: file of the extractor that is tuned.
        device: where to compute.
        checkpoint: where a training that may be killed keeps how far it has come.

    Raises InputError where the background identities do not suffice, or the training diverges.
    """
    learned, unseen = divide_background(split, record.train.held_out, seed)
    place = pd.Series(range(len(pictures)), index=pictures)
    rows, unseen_rows = (place[part["picture"]].to_numpy() for part in (learned, unseen))
    contrastive, tower = record.train.loss.name == "contrastive", None
    if isinstance(record, records.Finetuned):
        architecture, extractor = read_metadata(origin)["record"], load(origin)
        if contrastive:
            from uncloak.extractors.text_tower import read_tower

            tower = read_tower(origin)
    else:
        architecture = records.architecture(record)
        torch.manual_seed(seed)
        extractor = build(architecture)
    extractor, objective = train(
        extractor.for_crops(margin),
        Picked(faces, rows),
        learned["identity"].to_numpy(str),
        None if captions is None else captions[rows],
        record.train.loss.plain(),
        converted(record.train, Schedule),
        seed,
        name,
        device,
        checkpoint=checkpoint,
        tower=tower,
    )
    extractor = extractor.cpu()
    return Fitted(
        extractor,
        architecture,
        f"trained on {learned['identity'].nunique()} background identities of {record.train.data}",
        validation_error(extractor, Picked(faces, unseen_rows), unseen["identity"].to_numpy(str)),
        objective.tower.cpu() if contrastive else None,
    )
