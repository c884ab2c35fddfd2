"""A classifier made by tuning an extractor and a linear head together (attacks.md 5.4)."""

import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from uncloak.devices import autocast
from uncloak.errors import InputError
from uncloak.extractors.adamw import AdamW
from uncloak.extractors.extractor import Extractor
from uncloak.extractors.learning import learning_rate_factor
from uncloak.halving import Halving
from uncloak.pictures.tensors import as_floats
from uncloak.progress import track
from uncloak.seeds import generator

logger = logging.getLogger(__name__)

_FLIPPED = 0.25  # the released code draws twice, 1/2 each
_FACES_AT_ONCE = 64


@dataclass(frozen=True)
class Schedule:
    """How long and how to tune; the paper's is `Schedule(5000, "adadelta", 1.0, decay=False)`.

    The rate was chosen on the probes of people who are not users (80 iterations, clean gallery). With `decay` it rises
    over the share `warm_up` of the iterations, and falls to zero (`uncloak.extractors.learning.learning_rate_factor`).
    """

    iterations: int
    optimizer: str = "adamw"
    learning_rate: float = 3e-4
    decay: bool = True
    warm_up: float = 0.08
    batch: int = 32
    precision: str = "auto"


class Classifier(nn.Module):
    """An extractor with a linear layer on its embeddings, one output for each of `names` (text [K])."""

    def __init__(self, extractor: Extractor, head: nn.Linear, names: np.ndarray):
        super().__init__()
        self.extractor, self.head, self.names = extractor, head, names

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Map faces float32 [N,3,S,S] in [0,1] to scores [N,K], whose softmax are the chances of the names."""
        return self.head(self.extractor(faces))

    def predict(self, faces: np.ndarray) -> np.ndarray:
        """Return whose each of `faces` uint8 [N,S,S,3] are taken for, text [N]."""
        self.eval()
        device, halved = self.head.weight.device, Halving("recognition")
        with torch.inference_mode():
            batches = (faces[first : first + _FACES_AT_ONCE] for first in range(0, len(faces), _FACES_AT_ONCE))
            scores = [
                found
                for batch in batches
                for _, found in halved(lambda rows, batch=batch: self(as_floats(batch[rows], device)), len(batch))
            ]
        return self.names[torch.cat(scores).argmax(dim=1).cpu().numpy()]


def tune(
    extractor: Extractor,
    faces: np.ndarray,
    identities: np.ndarray,
    embeddings: np.ndarray,
    schedule: Schedule,
    seed: int,
    name: str,
    device: str = "cpu",
) -> Classifier:
    """Return a classifier of faces, all layers of which are tuned from a copy of `extractor` by cross-entropy.

    The head starts at the class means (`head_at_means`) rather than at random, so that few iterations suffice.

    Args:
        extractor: where the tuning starts; left as it is.
        faces: uint8 [N,S,S,3].
        identities: text [N], whose they are.
        embeddings: float32 [N,D], what `extractor` makes of them.
        schedule: batches are drawn as `balanced_rows` says.
        seed: of the experiment.
        name: of the random stream, and for messages.
        device: where to compute.

    Raises InputError for an unknown optimizer, fewer than two identities, or where tuning diverges.
    """
    names, codes = np.unique(identities, return_inverse=True)
    if len(names) < 2:
        raise InputError(f"{name}: a classifier needs at least two identities, there are {len(names)}; add some")
    random = generator(seed, "end to end", name)
    model = Classifier(copy.deepcopy(extractor), head_at_means(embeddings, codes), names)
    model.to(device, memory_format=torch.channels_last).requires_grad_(True).train()
    optimizer = _optimizer(model, schedule)
    drawn = balanced_rows(codes, schedule.batch, random)
    for iteration in track(range(schedule.iterations), schedule.iterations, f"tuning {name}", unit="iterations"):
        rows = next(drawn)
        batch = faces[rows]
        flipped = random.random(len(rows)) < _FLIPPED
        batch[flipped] = batch[flipped, :, ::-1]
        pictures = as_floats(batch, device)
        with autocast(device, schedule.precision):
            found = model.extractor(pictures)
        loss = F.cross_entropy(model.head(found.float()), torch.from_numpy(codes[rows]).to(device))
        if schedule.decay:
            factor = learning_rate_factor(iteration, schedule.iterations, schedule.warm_up)
            for group in optimizer.param_groups:
                group["lr"] = schedule.learning_rate * factor
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not torch.isfinite(loss):
            raise InputError(f"{name}: tuning diverged at iteration {iteration}; lower the learning rate")
    logger.info("%s: loss of the last batch %.4f", name, loss.item())
    return model.eval().requires_grad_(False)


def balanced_rows(codes: np.ndarray, batch: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield rows int64 [batch] without end: each time a class drawn uniformly, then one of its pictures.

    Args:
        codes: int [N], the class of each picture, 0..K-1.
        batch: how many rows at once.
        random: what draws, with replacement both times.
    """
    by_class = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    firsts = np.cumsum(counts) - counts
    while True:
        classes = random.integers(len(counts), size=batch)
        yield by_class[firsts[classes] + random.integers(counts[classes])]


def head_at_means(embeddings: np.ndarray, codes: np.ndarray) -> nn.Linear:
    """Return the linear layer whose softmax are the chances of normal classes around their means.

    The classes are equally likely and share one variance in all directions, that of the embeddings around the means.

    Args:
        embeddings: float32 [N,D].
        codes: int [N], classes 0..K-1, each at least once.
    """
    values = embeddings.astype(np.float64)
    means = np.zeros((codes.max() + 1, values.shape[1]))
    np.add.at(means, codes, values)
    means /= np.bincount(codes)[:, None]
    freedom = max(len(values) - len(means), 1) * values.shape[1]
    variance = np.square(values - means[codes]).sum() / freedom
    # Faces that all equal their means have no variance to go by.
    variance = variance or 1.0
    head = nn.Linear(values.shape[1], len(means))
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(means / variance))
        head.bias.copy_(torch.from_numpy(-np.square(means).sum(axis=1) / (2 * variance)))
    return head


def _optimizer(model: nn.Module, schedule: Schedule) -> AdamW | torch.optim.Optimizer:
    if schedule.optimizer == "adamw":
        return AdamW(model.parameters(), schedule.learning_rate, weight_decay=0.0)
    if schedule.optimizer == "adadelta":
        # Keras' defaults, which the released code relies on.
        return torch.optim.Adadelta(model.parameters(), lr=schedule.learning_rate, rho=0.95, eps=1e-7)
    raise InputError(f"end_to_end: optimizer '{schedule.optimizer}' is not known; use adamw or adadelta")
