"""One person, one mask (OPOM; Zhong and Deng, TPAMI 2022, arXiv 2205.11981): one perturbation for a user's pictures.

The mask is made from some of the user's pictures, away from the subspace that their embeddings span, and added to all
(attacks.md 9.1).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.optimize import nnls
from torch.nn.functional import normalize

from uncloak.ascent import uniform_noise
from uncloak.attacks.masks import masked
from uncloak.errors import InputError

WHOLE_USERS = True
MADE_FROM = "pictures"


@dataclass(frozen=True)
class Options:
    """Options of OPOM, by default those of its code without what it adds for transfer.

    Attributes:
        subspace: what a picture's embedding is moved away from: the nearest point of the "convex" or the "affine" hull
            of the clean embeddings, their "center", or its "own" clean embedding (FI-UAP there).
        center_steps: first steps away from the center, before the convex hull takes its place.
        pictures: of a user, the first by name, that the mask is made from; all if there are fewer.
        epsilon: largest value of the mask, of 1.
        steps: sign steps.
        step_size: of the mask, of 1.
    """

    subspace: Literal["convex", "affine", "center", "own"] = "convex"
    center_steps: int = 5
    pictures: int = 10
    epsilon: float = 8 / 255
    steps: int = 16
    step_size: float = 1 / 255

    def __post_init__(self):
        for name, least in (("center_steps", 0), ("pictures", 1), ("steps", 1)):
            if getattr(self, name) < least:
                raise InputError(f"opom: {name} is {getattr(self, name)}; it must be at least {least}")
        for name in ("epsilon", "step_size"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"opom: {name} is {getattr(self, name)}; it must be above 0 and at most 1")


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
        seeds: one per picture, of its part of the first mask.
        targets: none; the mask moves away from the user.
        view: not used; the attack works on crops.
        track: wraps the range of steps, to tell how far they are.

    Raises:
        InputError: where there are targets.
    """
    if targets is not None:
        raise InputError("opom: moves away from the user, towards nobody; remove `targets` from its record")
    own = pictures[: options.pictures]
    counts = Counter(surrogates)
    with torch.no_grad():
        clean = [normalize(surrogate(own), dim=-1) for surrogate in counts]
    perturbed = own + uniform_noise(own, options.epsilon, seeds[: len(own)])
    mask, broken = torch.zeros_like(own[0]), torch.zeros((), dtype=torch.bool, device=own.device)
    for step in track(range(options.steps)):
        early = options.subspace == "convex" and step < options.center_steps
        subspace = "center" if early else options.subspace
        perturbed.requires_grad_()
        distance = 0
        for (surrogate, count), references in zip(counts.items(), clean, strict=True):
            embedded = normalize(surrogate(perturbed), dim=-1)
            distance = distance + count * (embedded - nearest(embedded.detach(), references, subspace)).square().sum()
        (gradient,) = torch.autograd.grad(distance, perturbed)
        # The sign of NaN is 0 in PyTorch, so a broken gradient would pass unseen.
        broken |= ~gradient.isfinite().all()
        # One step for all pictures; where some are clipped, what is left of the mask in them counts.
        shown = (perturbed.detach() - own).mean(dim=0)
        mask = (shown + options.step_size * gradient.mean(dim=0).sign()).clamp_(-options.epsilon, options.epsilon)
        perturbed = (own + mask).clamp_(0, 1)
    return masked(pictures, mask).masked_fill_(broken, torch.nan)


def nearest(points: torch.Tensor, references: torch.Tensor, subspace: str) -> torch.Tensor:
    """Return, for each of N points [N,D], the nearest point of what the references [N,D] span, [N,D].

    The subspace is as in `Options`; for "own" the n-th reference stands for itself. All are NaN where a point is.
    """
    if subspace == "own":
        return references
    center = references.mean(dim=0)
    if subspace == "center":
        return center.expand_as(points)
    if not points.isfinite().all():
        return torch.full_like(points, torch.nan)
    span, wanted = (each.double().cpu().numpy() for each in (references, points))
    if subspace == "affine":
        basis = (span - span.mean(axis=0)).T
        found = span.mean(axis=0) + (basis @ np.linalg.lstsq(basis, (wanted - span.mean(axis=0)).T, rcond=None)[0]).T
    else:
        found = np.stack([_hull_weights(span - point) @ span for point in wanted])
    return torch.from_numpy(found).to(points)


def _hull_weights(points: np.ndarray) -> np.ndarray:
    """Return the weights [N], at least 0 and with sum 1, of the point of the hull of points [N,D] nearest to 0.

    They are those that minimize the squared norm plus (1 - their sum)^2, divided by their sum (Lawson and Hanson,
    Solving Least Squares Problems, 1974, chapter 23): for weights of any sum s, s^2 q + (1 - s)^2 is least at
    q / (1 + q), which grows with the squared norm q.
    """
    weights, _ = nnls(np.vstack([points.T, np.ones(len(points))]), np.append(np.zeros(points.shape[1]), 1.0))
    return weights / weights.sum()
