"""Train a small classifier from scratch."""

import logging

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from uncloak.devices import autocast
from uncloak.errors import InputError
from uncloak.extractors.adamw import AdamW
from uncloak.extractors.augmentation import augment
from uncloak.extractors.training import Schedule, batches, learning_rate_factor
from uncloak.progress import track
from uncloak.seeds import derive_seed, generator
from uncloak.transfer.classifier import Classifier

logger = logging.getLogger(__name__)


def train(
    classifier: Classifier, pictures: np.ndarray, labels: np.ndarray, schedule: Schedule, seed: int, name: str
) -> Classifier:
    """Train `classifier` in place on `pictures` uint8 [N,S,S,3] of classes `labels` int [N]; return it frozen.

    Raises InputError where the loss is no longer finite.
    """
    torch.manual_seed(derive_seed(seed, "train classifier", name))
    random = generator(seed, "batches of classifier", name)
    classifier.to(memory_format=torch.channels_last).requires_grad_(True).train()
    optimizer = AdamW(classifier.parameters(), schedule.learning_rate, schedule.weight_decay)
    drawn = batches([(np.arange(len(pictures)), schedule.batch)], random)
    for iteration in track(range(schedule.iterations), schedule.iterations, f"training {name}", unit="iterations"):
        rows = next(drawn)
        batch = augment(pictures[rows], random, schedule.shift, schedule.color, schedule.erase, schedule.noise)
        with autocast("cpu", schedule.precision):
            logits = classifier(torch.from_numpy(batch).permute(0, 3, 1, 2))  # a permuted NHWC array is channels_last
        loss = cross_entropy(logits.float(), torch.from_numpy(labels[rows]), label_smoothing=0.1)
        optimizer.param_groups[0]["lr"] = schedule.learning_rate * learning_rate_factor(iteration, schedule)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(classifier.parameters(), 5.0)
        optimizer.step()
        if iteration % 50 == 0 or iteration == schedule.iterations - 1:
            logger.info("iteration %d: loss %.4f", iteration, loss.item())
            if not torch.isfinite(loss):
                raise InputError(f"classifier '{name}': training diverged; lower its learning rate")
    return classifier.freeze()
