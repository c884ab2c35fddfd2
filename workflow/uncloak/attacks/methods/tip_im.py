"""TIP-IM (Yang et al., ICCV 2021, arXiv 2003.06814): towards whichever of several targets fits best, step by step.

A user's pictures share their targets: each may go to the target of any of them (attacks.md 9.2).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import torch
from torch.nn.functional import normalize

from uncloak.attacks.batch import default_batch
from uncloak.errors import InputError

WHOLE_USERS = True
NEEDS_TARGETS = True

# Variances, in squared grey levels, of the kernels that the published code adds up.
_VARIANCES = (
    *(10.0**power for power in range(-6, 1)),
    5.0,
    10.0,
    15.0,
    20.0,
    25.0,
    30.0,
    35.0,
    1e2,
    1e3,
    1e4,
    1e5,
    1e6,
)
_STEP = 1.5
_GAINS = {"sum": torch.logsumexp, "least": torch.amin, "largest": torch.amax}


@dataclass(frozen=True)
class Options:
    """Options of TIP-IM, by default those of its code, less its random transformations.

    Attributes:
        targets: how many target pictures are offered to each of a user's, the first by name of those that differ.
        gain: by what a step towards one target is judged: by how much farther from the own embedding than from a target
            it leads, the "sum" of the exponentials of this over targets, or the "least" or the "largest".
        naturalness: factor of the maximum mean discrepancy between the picture and the clean one.
        epsilon: largest change of a value, of 1.
        steps: iterations.
        norm: "l2" steps along the gradient, "linf" along its signs.
        momentum: share of the earlier gradients that is kept.
    """

    targets: int = 10
    gain: Literal["sum", "least", "largest"] = "largest"
    naturalness: float = 0.0
    epsilon: float = 12 / 255
    steps: int = 100
    norm: Literal["l2", "linf"] = "l2"
    momentum: float = 1.0

    def __post_init__(self):
        for name in ("targets", "steps"):
            if getattr(self, name) < 1:
                raise InputError(f"tip_im: {name} is {getattr(self, name)}; it must be at least 1")
        if not 0 < self.epsilon <= 1:
            raise InputError(f"tip_im: epsilon is {self.epsilon}; it must be above 0 and at most 1")
        for name in ("naturalness", "momentum"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"tip_im: {name} is {getattr(self, name)}; it must be 0 or more")


def attack(
    pictures: torch.Tensor,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    options: Options,
    seeds: Sequence[int],
    *,
    targets: torch.Tensor | None = None,
    view: None = None,
    track: Callable = iter,
) -> torch.Tensor:
    """Return the perturbed pictures, float [N,3,S,S] in [0,1]; one whose gradient broke down comes back as NaN.

    Args:
        pictures: float [N,3,S,S] RGB in [0,1], all face crops of one user, in the order of their names.
        surrogates: frozen extractors, faces -> embeddings [N,D], not normalized; one that stands here k times counts k
            times.
        options: see `Options`.
        seeds: not used; what is random is drawn beforehand (`uncloak.attacks.targets`).
        targets: float [N,3,S,S], one target picture for each; all are offered to every picture.
        view: not used; the attack works on crops.
        track: wraps the range of iterations, of one group of pictures after the other.

    Raises:
        InputError: where there are no targets.
    """
    if targets is None:
        raise InputError("tip_im: needs targets; say in its record to whom it moves pictures")
    counts = Counter(surrogates)
    with torch.no_grad():
        aims = _embed(counts, _different(targets, options.targets))
    parts = pictures.split(default_batch(pictures.shape[-1], pictures.device))
    steps = iter(track(range(len(parts) * options.steps)))
    return torch.cat([_move(part, counts, aims, options, islice(steps, options.steps)) for part in parts])


def _move(
    pictures: torch.Tensor, counts: Counter, aims: list[torch.Tensor], options: Options, steps: Iterator[int]
) -> torch.Tensor:
    """Return pictures moved, each towards the target that brings it most in each step."""
    size = _STEP * options.epsilon / options.steps
    lowest, highest = (pictures - options.epsilon).clamp_(min=0), (pictures + options.epsilon).clamp_(max=1)
    with torch.no_grad():
        clean = _embed(counts, pictures)
    everywhere = torch.arange(len(pictures), device=pictures.device)
    perturbed, kept = pictures.clone(), torch.zeros_like(pictures)
    for _ in steps:
        perturbed.requires_grad_()
        embedded = _embed(counts, perturbed)
        natural = options.naturalness * discrepancy(perturbed, pictures) if options.naturalness else 0
        tried, gradients, gains = [], [], []
        for target in range(len(aims[0])):
            loss = natural + sum(
                count * ((now - aim[target]).square() - (now - start).square()).mean(dim=-1)
                for now, aim, start, count in zip(embedded, aims, clean, counts.values(), strict=True)
            )
            (gradient,) = torch.autograd.grad(loss.sum(), perturbed, retain_graph=True)
            gradient = options.momentum * kept + gradient / gradient.abs().mean(dim=(1, 2, 3), keepdim=True)
            moved = torch.clamp(perturbed.detach() - size * _direction(gradient, options.norm), lowest, highest)
            with torch.no_grad():
                gains.append(_gain(_embed(counts, moved), clean, aims, counts, options.gain))
            tried.append(moved)
            gradients.append(gradient)
        best = torch.stack(gains).argmax(dim=0)
        perturbed, kept = (torch.stack(each)[best, everywhere] for each in (tried, gradients))
    broken = ~kept.isfinite().flatten(1).all(dim=1)
    return perturbed.detach().masked_fill_(broken[:, None, None, None], torch.nan)


def discrepancy(pictures: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """Return the squared maximum mean discrepancy [N] of each picture [N,3,S,S] in [0,1] from the clean one, alone.

    Of one picture each it is 2 k(x, x) - 2 k(x, z), k being a sum of Gaussian kernels of several variances in squared
    grey levels.
    """
    squared = (255 * (pictures - clean)).square().flatten(1).sum(dim=1)
    return 2 * sum(1 - torch.exp(-squared / (2 * variance)) for variance in _VARIANCES)


def _embed(counts: Counter, faces: torch.Tensor) -> list[torch.Tensor]:
    """The unit embeddings [N,D] of faces, by surrogate."""
    return [normalize(surrogate(faces), dim=-1) for surrogate in counts]


def _different(targets: torch.Tensor, most: int) -> torch.Tensor:
    """The first `most` targets that differ from all before."""
    found: list[torch.Tensor] = []
    for target in targets:
        if len(found) < most and not any(torch.equal(target, other) for other in found):
            found.append(target)
    return torch.stack(found)


def _direction(gradient: torch.Tensor, norm: str) -> torch.Tensor:
    """A step with values of 1: signs, or the gradient with a root mean square of 1."""
    if norm == "linf":
        return gradient.sign()
    return gradient / gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()


def _gain(
    embedded: list[torch.Tensor], clean: list[torch.Tensor], aims: list[torch.Tensor], counts: Counter, gain: str
) -> torch.Tensor:
    """How good pictures of these embeddings are, [N]: the published gain, less its outer logarithm, which orders alike.

    Distances are means over surrogates.
    """
    farther = sum(
        count * (torch.linalg.vector_norm(now - start, dim=-1, keepdim=True) - torch.cdist(now, aim))
        for now, start, aim, count in zip(embedded, clean, aims, counts.values(), strict=True)
    )
    return _GAINS[gain](farther / sum(counts.values()), dim=-1)
