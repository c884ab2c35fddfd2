"""Training from scratch, on the drawn objects."""

import logging
import os
from collections.abc import Mapping

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from uncloak.devices import resolve_precision, used
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor, embedding_of_nothing
from uncloak.extractors.learning import Schedule, learn
from uncloak.seeds import derive_seed, generator
from uncloak.store import read_arrays, read_attributes
from uncloak.transfer.image_classifier import build
from uncloak.transfer.ranking import ranks

logger = logging.getLogger(__name__)


def make(record: Mapping, file: str | os.PathLike, seed: int, name: str) -> tuple[Extractor, int, dict]:
    """Train the classifier `name` as record["train"] says (a `Schedule`) on the objects of `file`, on the CPU."""
    pictures, labels, part = read_arrays(file, "pictures", "label", "part")
    objects = read_attributes(file)
    classes, precision = int(objects["classes"]), resolve_precision(record["train"]["precision"], "cpu")
    torch.manual_seed(seed)
    classifier = build({**record, "classes": classes})
    embedding_of_nothing(classifier.eval(), f"image classifier '{name}'")
    learned, unseen = part == "train", part == "validation"
    schedule = Schedule(**{**record["train"], "precision": precision})
    train(classifier, pictures[learned], labels[learned], schedule, seed, name)
    accuracy = float((ranks(embed(classifier, pictures[unseen]), labels[unseen]) == 0).mean())
    logger.info("top-1 accuracy on the validation part: %.3f", accuracy)
    made = {"source_recipe": str(objects["recipe"]), "validation_accuracy": round(accuracy, 4)}
    return classifier, classes, {**made, **used("cpu", precision)}


def train(
    classifier: Extractor, pictures: np.ndarray, labels: np.ndarray, schedule: Schedule, seed: int, name: str
) -> Extractor:
    """Train `classifier` in place on `pictures` uint8 [N,S,S,3] of classes `labels` int [N]; return it frozen.

    Raises InputError where the loss is no longer finite.
    """
    torch.manual_seed(derive_seed(seed, "train classifier", name))
    known = torch.from_numpy(labels)

    def loss(logits: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return cross_entropy(logits.float(), known[rows], label_smoothing=0.1)

    learn(classifier, pictures, loss, schedule, generator(seed, "batches of classifier", name), name)
    return classifier
