"""Train a small classifier from scratch."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from uncloak.extractors.learning import Schedule, learn
from uncloak.seeds import derive_seed, generator
from uncloak.transfer.classifier import Classifier


def train(
    classifier: Classifier, pictures: np.ndarray, labels: np.ndarray, schedule: Schedule, seed: int, name: str
) -> Classifier:
    """Train `classifier` in place on `pictures` uint8 [N,S,S,3] of classes `labels` int [N]; return it frozen.

    Raises InputError where the loss is no longer finite.
    """
    torch.manual_seed(derive_seed(seed, "train classifier", name))
    known = torch.from_numpy(labels)

    def loss(logits: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return cross_entropy(logits.float(), known[rows], label_smoothing=0.1)

    learn(classifier, pictures, loss, schedule, generator(seed, "batches of classifier", name), name)
    return classifier
