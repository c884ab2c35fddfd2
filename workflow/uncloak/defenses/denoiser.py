"""Give every scraped face to a network that learned to take cloaks away, on faces of public people.

PuFace (Wen 2024, arXiv 2406.02253): the purifier learns on amplified cloaks, from a loss of pictures and a loss of
features. Its network is small here: residual (Zhang et al. 2017), on pixels taken two by two (Zhang et al. 2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from uncloak.checkpoints import Checkpoint
from uncloak.defenses.lessons import Lessons
from uncloak.devices import choose_device
from uncloak.errors import InputError
from uncloak.extractors.learning import Schedule
from uncloak.extractors.learning import learn as run
from uncloak.extractors.weights import read_metadata, rebuilding, tensors
from uncloak.pictures.tensors import as_floats
from uncloak.pictures.views import View
from uncloak.seeds import derive_seed, generator

HOOKS = ("faces",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        seed: of the experiment.
        learned: file of the network.
        dataset: whose public identities are learned from; its record says whom each attack perturbs.
        attacks: what they are perturbed by.
        features: extractors that are to give a purified face the embedding of the clean one.
        feature_weight: of one minus the cosine of both, beside ten times the mean squared difference of pixels.
        strengths: how many times as large as its attack made it each perturbation is shown.
        perturbed: share of a batch that is perturbed, above 0 and below 1; the others are clean and are to stay so.
        width: channels inside the network.
        depth: convolutions between the first and the last.
        iterations: batches that are learned.
        batch: faces in each, at least 2.
        learning_rate: the largest.
    """

    seed: int
    learned: str
    dataset: str
    attacks: tuple[str, ...]
    features: tuple[str, ...]
    feature_weight: float = 0.5
    strengths: tuple[float, ...] = (1.0, 1.5)
    perturbed: float = 0.75
    width: int = 24
    depth: int = 3
    iterations: int = 300
    batch: int = 32
    learning_rate: float = 0.002

    def __post_init__(self):
        for name in ("width", "iterations", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("depth", "feature_weight"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 0")
        if min(self.strengths) <= 0:
            raise InputError(f"strengths are {', '.join(f'{each:g}' for each in self.strengths)}; all must be above 0")
        if not 0 < self.perturbed < 1:
            raise InputError(f"perturbed is {self.perturbed}; it must be above 0 and below 1")
        if self.batch < 2:
            raise InputError(f"batch is {self.batch}; it must be at least 2")


class Denoiser(nn.Module):
    """Faces float32 [N,3,S,S] in [0,1] less what `network` takes for a cloak; nothing, before it has learned."""

    def __init__(self, width: int, depth: int):
        super().__init__()
        last = nn.Conv2d(width, 12, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        inner = [layer for _ in range(depth) for layer in (nn.Conv2d(width, width, 3, padding=1), nn.ReLU())]
        self.network = nn.Sequential(nn.Conv2d(12, width, 3, padding=1), nn.ReLU(), *inner, last)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Return the purified faces, which may leave [0,1]."""
        side = faces.shape[-1]
        even = F.pad(faces, (0, side % 2, 0, side % 2), mode="replicate")
        cloak = F.pixel_shuffle(self.network(F.pixel_unshuffle(even, 2)), 2)
        return faces - cloak[..., :side, :side]


def faces(scraped: np.ndarray, options: Options) -> np.ndarray:
    """Return the treated faces, uint8 [N,S,S,3] as the scraped ones.

    Raises InputError where the network's file is missing, damaged, or another network's.
    """
    device = choose_device()
    denoiser = _load(options.learned, options.width, options.depth, device)
    treated = np.empty_like(scraped)
    with torch.inference_mode():
        # One by one: in a batch of another size a sum may be rounded otherwise, and a grey level with it.
        for number in range(len(scraped)):
            purified = denoiser(as_floats(scraped[number : number + 1], device))[0].permute(1, 2, 0)
            treated[number] = (255 * purified).round().clamp(0, 255).byte().cpu().numpy()
    return treated


@cache
def _load(path: str, width: int, depth: int, device: str) -> Denoiser:
    found = read_metadata(path)["record"]["network"]
    if found != _network(width, depth):
        raise InputError(f"{path}: holds no such denoiser but network {found}; delete it and run again")
    denoiser = Denoiser(width, depth)
    with rebuilding(path):
        denoiser.network.load_state_dict(tensors(path), strict=True)
    return denoiser.eval().requires_grad_(False).to(device)


def _network(width: int, depth: int) -> dict:
    return {"name": "denoiser", "width": width, "depth": depth}


def learn(
    lessons: Lessons,
    features: Sequence[nn.Module],
    options: Options,
    name: str,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> tuple[Denoiser, dict]:
    """Return a network that has learned, frozen, and what its file says of it.

    Args:
        lessons: what it learns from.
        features: extractors, frozen and on `device`, that expect crops as the lessons show them.
        options: of this defense.
        name: of the defense, which seeds and messages carry.
        device: where to compute.
        checkpoint: where a training that may be killed keeps how far it has come.

    Raises InputError where the training diverges.
    """
    torch.manual_seed(derive_seed(options.seed, "purifier weights", name))
    denoiser = Denoiser(options.width, options.depth)
    shown = min(max(round(options.perturbed * options.batch), 1), options.batch - 1)
    groups = [
        (np.flatnonzero(lessons.perturbed), shown),
        (np.flatnonzero(~lessons.perturbed), options.batch - shown),
    ]
    run(
        _Loss(denoiser, features, options.feature_weight),
        _Pairs(lessons),
        lambda losses, _: losses.float().mean(),
        Schedule(options.iterations, options.batch, options.learning_rate, weight_decay=1e-4, precision="float32"),
        generator(options.seed, "purifier batches", name),
        name,
        device=device,
        groups=groups,
        checkpoint=checkpoint,
    )
    return denoiser, {"network": _network(options.width, options.depth)}


class _Pairs(View):
    """A face and the clean one behind it, uint8 [N,S,S,6], so that both are moved and colored alike."""

    def __init__(self, lessons: Lessons):
        super().__init__(len(lessons.given), lessons.given)
        self.shape = (*self.shape[:-1], 2 * self.shape[-1])
        self._lessons = lessons

    def read(self, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([self._lessons.given[rows], self._lessons.wanted[rows]], axis=-1)


class _Loss(nn.Module):
    """Pairs float32 [N,6,S,S] -> the losses [N,1] of what the denoiser makes of their first halves."""

    def __init__(self, denoiser: Denoiser, features: Sequence[nn.Module], weight: float):
        super().__init__()
        self.denoiser, self._weight = denoiser, weight
        self._features = tuple(features)  # no part of what learns

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        given, wanted = pairs.split(3, dim=1)
        purified = self.denoiser(given.contiguous(memory_format=torch.channels_last))
        losses = 10 * (purified - wanted).square().mean((1, 2, 3))
        for extractor in self._features:
            with torch.no_grad():
                goal = extractor(wanted.contiguous(memory_format=torch.channels_last)).float()
            unlike = 1 - F.cosine_similarity(extractor(purified).float(), goal)
            losses = losses + self._weight / len(self._features) * unlike
        return losses[:, None]
