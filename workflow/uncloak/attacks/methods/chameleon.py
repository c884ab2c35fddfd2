"""Chameleon (Chow et al., ECCV 2024, arXiv 2407.13975): one mask for a user's pictures that shows no more than a bound.

The mask (P3-Mask there) turns the embeddings of some of the user's pictures away from their clean ones, step by step of
a few pictures, and is added to all (attacks.md 9.3).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch.nn.functional import normalize

from uncloak.ascent import uniform_noise
from uncloak.attacks.masks import masked
from uncloak.attacks.terms.dssim import Dssim
from uncloak.errors import InputError
from uncloak.seeds import generator

WHOLE_USERS = True
MADE_FROM = "pictures"

# The weight of what shows too much starts at 1 and is halved or doubled within these.
_LEAST_WEIGHT, _LARGEST_WEIGHT = 1 / 256, 256.0


@dataclass(frozen=True)
class Options:
    """Options of Chameleon, by default those of its code but for the number of pictures.

    Attributes:
        pictures: of a user, the first by name, that the mask is made from; all if there are fewer. There it is 70 % of
            a user's, none of which is in a gallery.
        epsilon: largest value of the mask, of 1.
        dssim: how much masked pictures may show, in the mean over those of a step; more is paid for.
        epochs: times that each picture is seen.
        batch: pictures of a step.
        step_size: of a sign step, of 1.
    """

    pictures: int = 10
    epsilon: float = 16 / 255
    dssim: float = 0.03
    epochs: int = 50
    batch: int = 4
    step_size: float = 0.001

    def __post_init__(self):
        for name in ("pictures", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise InputError(f"chameleon: {name} is {getattr(self, name)}; it must be at least 1")
        for name in ("epsilon", "dssim", "step_size"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"chameleon: {name} is {getattr(self, name)}; it must be above 0 and at most 1")


def attack(
    pictures: torch.Tensor,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    options: Options,
    seeds: Sequence[int],
    *,
    targets: None = None,
    view: None = None,
    track: Callable = iter,
) -> torch.Tensor:
    """Return the pictures with the user's mask, float [N,3,S,S] in [0,1]; all NaN where a gradient broke down.

    Args:
        pictures: float [N,3,S,S] RGB in [0,1], all face crops of one user, in the order of their names.
        surrogates: frozen extractors, faces -> embeddings [N,D], not normalized; one that stands here k times counts k
            times.
        options: see `Options`.
        seeds: one per picture; by the first the first mask and the order of pictures are drawn.
        targets: none; the mask moves away from the user.
        view: not used; the attack works on crops.
        track: wraps the range of steps, to tell how far they are.

    Raises:
        InputError: where there are targets, or pictures are too small for DSSIM.
    """
    if targets is not None:
        raise InputError("chameleon: moves away from the user, towards nobody; remove `targets` from its record")
    own = pictures[: options.pictures]
    counts = Counter(surrogates)
    with torch.no_grad():
        clean = [normalize(surrogate(own), dim=-1) for surrogate in counts]
    mask = uniform_noise(own[:1], options.step_size, seeds[:1])[0]
    weight, broken = 1.0, torch.zeros((), dtype=torch.bool, device=own.device)
    random = generator(seeds[0], "order")
    steps = iter(track(range(options.epochs * -(-len(own) // options.batch))))
    for _ in range(options.epochs):
        batches = torch.from_numpy(random.permutation(len(own))).to(own.device).split(options.batch)
        for rows, _ in zip(batches, islice(steps, len(batches)), strict=True):
            mask.requires_grad_()
            shown = (own[rows] + mask).clamp(0, 1)
            turned = sum(
                count * _angles(normalize(surrogate(shown), dim=-1), references[rows])
                for (surrogate, count), references in zip(counts.items(), clean, strict=True)
            )
            dissimilarity = Dssim(own[rows])(shown)
            loss = weight * (dissimilarity - options.dssim).clamp(min=0) - turned
            (gradient,) = torch.autograd.grad(loss.mean(), mask)
            # The sign of NaN is 0 in PyTorch, so a broken gradient would pass unseen.
            broken |= ~gradient.isfinite().all()
            mask = mask.detach() - options.step_size * gradient.sign()
            mask.clamp_(-options.epsilon, options.epsilon)
            weight = adapted(weight, dissimilarity.mean().item(), options.dssim)
    return masked(pictures, mask).masked_fill_(broken, torch.nan)


def adapted(weight: float, dissimilarity: float, bound: float) -> float:
    """Return the next weight of what shows too much: half where that is a tenth below the bound, twice where it is a
    tenth above, and 1 in between.
    """
    if dissimilarity <= 0.9 * bound:
        return max(weight / 2, _LEAST_WEIGHT)
    if dissimilarity >= 1.1 * bound:
        return min(2 * weight, _LARGEST_WEIGHT)
    return 1.0


def _angles(units: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the angles [N], in radians, between unit vectors [N,D], from their chords.

    The arc cosine, which the published code takes, has no finite slope where vectors agree to the last digit.
    """
    chords = torch.linalg.vector_norm(units - others, dim=-1)
    return 2 * torch.asin((chords / 2).clamp(max=1))
