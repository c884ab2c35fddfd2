"""NAME: a few steps that move embeddings away, inside a bound.

This is the basic iterative method (Kurakin et al. 2017, arXiv 1607.02533) with the distance of embeddings for a loss.
Put your cloak in its place, and say here where it comes from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import normalize

from uncloak.ascent import uniform_noise
from uncloak.errors import InputError


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        epsilon: largest change of a value, of 1.
        steps: sign steps, each of an equal part of epsilon.
    """

    epsilon: float = 8 / 255
    steps: int = 10

    def __post_init__(self):
        if not 0 < self.epsilon <= 1:
            raise InputError(f"epsilon is {self.epsilon}; it must be above 0 and at most 1")
        if self.steps < 1:
            raise InputError(f"steps is {self.steps}; it must be at least 1")


def attack(
    pictures: torch.Tensor,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    options: Options,
    seeds: Sequence[int],
    *,
    targets: torch.Tensor | None = None,
    view: Callable[[torch.Tensor], torch.Tensor] | None = None,
    track: Callable = iter,
) -> torch.Tensor:
    """Return the perturbed pictures, float [N,3,H,W] in [0,1]; one whose gradient broke down comes back as NaN.

    Args:
        pictures: float [N,3,H,W] RGB in [0,1].
        surrogates: frozen extractors, faces [N,3,S,S] -> embeddings [N,D], not normalized.
        options: see `Options`.
        seeds: one per picture, of all that is random about it.
        targets: none; this attack moves away.
        view: none; it is for attacks on photographs.
        track: wraps the range of steps, to tell how far they are.

    Raises InputError where there are targets.
    """
    if targets is not None:
        raise InputError("this attack moves pictures away from themselves; remove `targets` from its record")
    with torch.no_grad():
        references = [normalize(surrogate(pictures), dim=-1) for surrogate in surrogates]
    # At the clean picture the loss has no slope.
    change = uniform_noise(pictures, options.epsilon / options.steps, seeds)
    broken = torch.zeros(len(pictures), dtype=torch.bool, device=pictures.device)
    for _ in track(range(options.steps)):
        perturbed = (pictures + change).clamp(0, 1).requires_grad_()
        loss = 0
        for surrogate, reference in zip(surrogates, references, strict=True):
            loss = loss + (normalize(surrogate(perturbed), dim=-1) - reference).square().sum(dim=-1)
        (gradient,) = torch.autograd.grad(loss.sum(), perturbed)
        broken |= ~gradient.isfinite().flatten(1).all(dim=1)
        change = (change + options.epsilon / options.steps * gradient.sign()).clamp(-options.epsilon, options.epsilon)
    return (pictures + change).clamp(0, 1).masked_fill(broken[:, None, None, None], torch.nan)
