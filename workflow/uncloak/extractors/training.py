"""Train a network, from scratch or from another extractor, on labeled faces."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from uncloak.checkpoints import Checkpoint
from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor, embedding_of_nothing
from uncloak.extractors.learning import Schedule, learn
from uncloak.pictures.split import BACKGROUND, in_role
from uncloak.pictures.views import Faces, Picked
from uncloak.seeds import derive_seed, generator

_VALIDATION_GALLERY = 0.7


class Learned(NamedTuple):
    """What training leaves: the extractor, and its objective with what learned along."""

    extractor: Extractor
    objective: nn.Module


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


def held_out(identities: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose `count` of the background identities (text [N], repeated) that no extractor is trained on.

    What has to be chosen by looking (thresholds, weights of an attack's terms) is chosen on them.
    """
    names = np.unique(identities)
    if len(names) <= count:
        raise InputError(
            f"held_out: {count} identities cannot be held out of {len(names)} background identities; lower it"
        )
    return np.sort(generator(seed, "held out").permutation(names)[:count])


def divide_background(split: pd.DataFrame, count: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the background pictures of `split` into those to train on and those of the people `held_out` for `count`.

    Returns rows of the split, sorted by picture.
    """
    background = in_role(split, BACKGROUND).sort_values("picture")
    reserved = background["identity"].isin(held_out(background["identity"].to_numpy(str), count, seed))
    return background[~reserved], background[reserved]


def train(
    extractor: Extractor,
    faces: Faces,
    identities: np.ndarray,
    captions: np.ndarray | None,
    loss: Mapping,
    schedule: Schedule,
    seed: int,
    name: str,
    device: str = "cpu",
    composition: Composition | None = None,
    checkpoint: Checkpoint | None = None,
    tower: nn.Module | None = None,
) -> Learned:
    """Train `extractor` in place on `faces` uint8 [N,S,S,3] of `identities` (text [N]) and return it in eval mode.

    Of a view of faces (`uncloak.pictures.views`) each batch is read alone. With a `checkpoint`, a killed training goes
    on from what it has kept.

    `loss` names a module of `uncloak.extractors.objectives` and its options; "contrastive" compares with `captions`, or
    with texts of its own that number the identities, and goes on training
    `tower` (`uncloak.extractors.text_tower.TextTower`) if that is given.
    With a `composition` the extractor as given is the origin: the prototypes of the identities, which are dropped at
    the end, start at the means of its embeddings, and its clean embeddings are what `composition.anchor` holds to.

    Raises InputError where the loss does not fit what is given, or is no longer finite.
    """
    torch.manual_seed(derive_seed(seed, "train", name))
    options = {key: value for key, value in loss.items() if key != "name"}
    objective_module = importlib.import_module(f"uncloak.extractors.objectives.{loss['name']}")
    target: torch.Tensor | np.ndarray
    if loss["name"] == "contrastive":
        if composition is not None:
            raise InputError(
                f"extractor '{name}': its loss is contrastive, which has no prototypes of identities to start from;"
                " name another loss"
            )
        target = identities if options.get("texts") == "users" else captions
        if target is None:
            raise InputError(
                f"extractor '{name}': its loss is contrastive, but its data have no captions; name another loss, or"
                " give it `texts: users`"
            )
        sizes = sorted(options.keys() - {"texts"})
        if tower is not None and sizes:
            raise InputError(
                f"extractor '{name}': its loss has the option {sizes[0]}, but the text tower that it goes on with is"
                " made already; leave it out"
            )
        options["tower"] = tower
    else:
        target = torch.from_numpy(np.unique(identities, return_inverse=True)[1])
    dimension = embedding_of_nothing(extractor.eval(), f"extractor '{name}'").shape[1]
    origin, groups = None, None
    if composition is not None:
        origin, groups = _origin(extractor, faces, composition.clean, device), composition.groups(schedule.batch)
    objective = objective_module.build(target, dimension, **options).to(device)
    if origin is not None:
        objective.start_at_means(origin)

    def total(embeddings: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        value = objective(embeddings.float(), rows)
        if origin is None:
            return value
        return value + composition.anchor * (1 - F.cosine_similarity(embeddings.float(), origin[rows])).mean()

    random, how = generator(seed, "batches", name), {"device": device, "groups": groups, "checkpoint": checkpoint}
    learn(extractor, faces, total, schedule, random, name, head=objective, **how)
    return Learned(extractor, objective)


def _origin(extractor: Extractor, faces: Faces, clean: np.ndarray, device: str) -> torch.Tensor:
    """Return the embeddings float32 [N,D] of the clean face of each of the N faces."""
    rows, places = np.unique(clean, return_inverse=True)
    return torch.from_numpy(embed(extractor, Picked(faces, rows), device)[places]).to(device)


def validation_error(extractor: Extractor, faces: Faces, identities: np.ndarray) -> float:
    """Return the share of probes, three in ten pictures of each identity, whose nearest gallery face is another's."""
    codes = np.unique(identities, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    gallery = np.concatenate([np.arange(count) < _VALIDATION_GALLERY * count for count in np.bincount(codes)])
    embeddings = torch.from_numpy(embed(extractor, Picked(faces, order))).double()
    nearest = torch.cdist(embeddings[~gallery], embeddings[gallery]).argmin(dim=1).numpy()
    return float(np.mean(codes[gallery][nearest] != codes[~gallery]))
