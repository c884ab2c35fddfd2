"""Train a network, from scratch or from another extractor, on labeled faces."""

import importlib
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from uncloak.devices import autocast
from uncloak.errors import InputError
from uncloak.extractors.adamw import AdamW
from uncloak.extractors.augmentation import augment
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.pictures.split import BACKGROUND, in_role
from uncloak.progress import track
from uncloak.seeds import derive_seed, generator

logger = logging.getLogger(__name__)

_VALIDATION_GALLERY = 0.7


@dataclass(frozen=True)
class Schedule:
    """How long and how to train; `iterations` rather than seconds, so that a run can be repeated.

    `precision` is one of `uncloak.devices.PRECISIONS`.
    """

    iterations: int
    batch: int = 96
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    warm_up: float = 0.08
    shift: int = 1
    color: float = 0.1
    erase: float = 0.0
    noise: float = 0.0
    precision: str = "auto"


@dataclass(frozen=True)
class Composition:
    """Kinds of training faces, each with its part of every batch, for tuning an extractor without leaving its origin.

    Attributes:
        kinds: text [N], the kind of each of the N training faces.
        shares: kind -> its share of every batch; shares add up to 1.
        clean: int64 [N], the row of the clean face that each one was made from; its own row where it is clean itself.
        anchor: weight of 1 - cosine between a face's embedding and what the origin gave for its clean face.
    """

    kinds: np.ndarray
    shares: Mapping[str, float]
    clean: np.ndarray
    anchor: float

    def groups(self, batch: int) -> list[tuple[np.ndarray, int]]:
        """Return the rows of each kind and how many of them make a batch.

        Raises InputError where the shares do not add up to 1, or a kind has no faces.
        """
        if abs(sum(self.shares.values()) - 1) > 1e-6 or min(self.shares.values()) < 0:
            raise InputError(f"shares: {dict(self.shares)} must be at least 0 and add up to 1")
        groups = []
        for kind, share in self.shares.items():
            rows = np.flatnonzero(self.kinds == kind)
            if share and not len(rows):
                raise InputError(f"shares: there are no {kind} faces; set their share to 0")
            groups.append((rows, round(share * batch)))
        return groups


def learning_rate_factor(iteration: int, schedule: Schedule) -> float:
    """Return the share of the learning rate in use: a linear warm-up, then half a cosine down to zero."""
    warm_up = max(1, round(schedule.warm_up * schedule.iterations))
    if iteration < warm_up:
        return (iteration + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (iteration - warm_up) / max(1, schedule.iterations - warm_up)))


def held_out(identities: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose `count` of the background identities (text [N], repeated) that no extractor is trained on.

    What has to be chosen by looking (thresholds, weights of an attack's terms) is chosen on them.
    """
    names = np.unique(identities)
    if len(names) <= count:
        raise InputError(f"held_out: {count} identities cannot be held out of {len(names)} background identities")
    return np.sort(generator(seed, "held out").permutation(names)[:count])


def divide_background(split: pd.DataFrame, count: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the background pictures of `split` into those to train on and those of the people `held_out` for `count`.

    Returns rows of the split, sorted by picture.
    """
    background = in_role(split, BACKGROUND).sort_values("picture")
    reserved = background["identity"].isin(held_out(background["identity"].to_numpy(str), count, seed))
    return background[~reserved], background[reserved]


def batches(groups: Sequence[tuple[np.ndarray, int]], random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield sorted rows int64 [B] without end: of each group (its rows, how many of a batch), one random order after
    the other.
    """
    orders = [rows[:0] for rows, _ in groups]
    while True:
        taken = []
        for number, (rows, count) in enumerate(groups):
            while len(orders[number]) < count:
                orders[number] = np.concatenate([orders[number], random.permutation(rows)])
            taken.append(orders[number][:count])
            orders[number] = orders[number][count:]
        yield np.sort(np.concatenate(taken))


def train(
    extractor: Extractor,
    faces: np.ndarray,
    identities: np.ndarray,
    captions: np.ndarray | None,
    loss: Mapping,
    schedule: Schedule,
    seed: int,
    name: str,
    device: str = "cpu",
    composition: Composition | None = None,
) -> Extractor:
    """Train `extractor` in place on `faces` uint8 [N,S,S,3] of `identities` (text [N]) and return it in eval mode.

    `loss` names a module of `uncloak.extractors.objectives` and its options; "contrastive" compares with `captions`.
    With a `composition` the extractor as given is the origin: the prototypes of the identities, which are dropped at
    the end, start at the means of its embeddings, and its clean embeddings are what `composition.anchor` holds to.
    """
    torch.manual_seed(derive_seed(seed, "train", name))
    random = generator(seed, "batches", name)
    options = {key: value for key, value in loss.items() if key != "name"}
    objective_module = importlib.import_module(f"uncloak.extractors.objectives.{loss['name']}")
    if loss["name"] == "contrastive":
        if composition is not None:
            raise InputError(
                f"extractor '{name}': its loss is contrastive, which has no prototypes of identities to start from"
            )
        if captions is None:
            raise InputError(f"extractor '{name}': its loss is contrastive, but its data have no captions")
        target = captions
    else:
        target = torch.from_numpy(np.unique(identities, return_inverse=True)[1])
    with torch.no_grad():
        extractor.eval()
        dimension = extractor(torch.zeros(1, 3, *faces.shape[1:3])).shape[1]
    origin, groups = None, [(np.arange(len(faces)), schedule.batch)]
    if composition is not None:
        origin, groups = _origin(extractor, faces, composition.clean, device), composition.groups(schedule.batch)
    extractor.to(device, memory_format=torch.channels_last).requires_grad_(True).train()
    objective = objective_module.build(target, dimension, **options).to(device)
    if origin is not None:
        objective.start_at_means(origin)
    parameters = [*extractor.parameters(), *objective.parameters()]
    optimizer = AdamW(parameters, schedule.learning_rate, schedule.weight_decay)
    drawn = batches(groups, random)
    for iteration in track(range(schedule.iterations), schedule.iterations, f"training {name}", unit="iterations"):
        rows = next(drawn)
        batch = augment(faces[rows], random, schedule.shift, schedule.color, schedule.erase, schedule.noise)
        pictures = torch.from_numpy(batch).permute(0, 3, 1, 2).to(device)  # a permuted NHWC array is channels_last
        with autocast(device, schedule.precision):
            embeddings = extractor(pictures)
        places = torch.from_numpy(rows).to(device)
        loss_value = objective(embeddings.float(), places)
        if origin is not None:
            distance = 1 - F.cosine_similarity(embeddings.float(), origin[places])
            loss_value = loss_value + composition.anchor * distance.mean()
        optimizer.param_groups[0]["lr"] = schedule.learning_rate * learning_rate_factor(iteration, schedule)
        optimizer.zero_grad()
        loss_value.backward()
        nn.utils.clip_grad_norm_(extractor.parameters(), 5.0)
        optimizer.step()
        if iteration % 100 == 0 or iteration == schedule.iterations - 1:
            logger.info("iteration %d: loss %.4f", iteration, loss_value.item())
            if not torch.isfinite(loss_value):
                raise InputError(
                    f"extractor '{name}': training diverged at iteration {iteration}; lower its learning rate"
                )
    return extractor.eval().requires_grad_(False)


def _origin(extractor: Extractor, faces: np.ndarray, clean: np.ndarray, device: str) -> torch.Tensor:
    """Return the embeddings float32 [N,D] of the clean face of each of the N faces."""
    rows, places = np.unique(clean, return_inverse=True)
    return torch.from_numpy(embed(extractor, faces[rows], device)[places]).to(device)


def validation_error(extractor: Extractor, faces: np.ndarray, identities: np.ndarray) -> float:
    """Return the share of probes, three in ten pictures of each identity, whose nearest gallery face is another's."""
    codes = np.unique(identities, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    gallery = np.concatenate([np.arange(count) < _VALIDATION_GALLERY * count for count in np.bincount(codes)])
    embeddings = torch.from_numpy(embed(extractor, faces[order])).double()
    nearest = torch.cdist(embeddings[~gallery], embeddings[gallery]).argmin(dim=1).numpy()
    return float(np.mean(codes[gallery][nearest] != codes[~gallery]))
