"""Projected gradient descent inside an L-inf ball around the picture.

The method of Madry et al. (ICLR 2018, arXiv 1706.06083, section 2.1), which `uncloak.ascent` has with any loss; here
it is that of the distance of embeddings.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import normalize

from uncloak.ascent import ascend
from uncloak.ball import Ball
from uncloak.errors import InputError

PHOTOGRAPHS = True


@dataclass(frozen=True)
class Options(Ball):
    """Options of PGD.

    Attributes:
        epsilon: largest change of a value, of 1; by default the one of Radiya-Dixit et al., ICLR 2022, Appendix B.5.
        steps: sign steps; the last iterate is the result.
        step_size: size of a step, of 1; by default 2.5 epsilon / steps, so that the edge of the ball can be reached
            from every start with some steps left (Madry et al., section 5).
        random_start: whether the first iterate is drawn uniformly from the ball instead of being the picture.
    """

    epsilon: float = 16 / 255
    steps: int = 50
    step_size: float | None = None
    random_start: bool = True


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

    The loss is the squared distance of unit embeddings, a mean over surrogates: from the clean ones, where it grows, or
    from the targets', where it shrinks.

    Args:
        pictures: float [N,3,H,W] RGB in [0,1], face crops or, with `view`, photographs.
        surrogates: frozen extractors, faces [N,3,S,S] -> embeddings [N,D], not normalized; one that stands here k times
            counts k times.
        options: see `Options`.
        seeds: one per picture, of its random start.
        targets: float [N,3,S,S], a face for each picture, or None.
        view: photographs -> faces, differentiable.
        track: wraps the range of steps, to tell how far they are.

    Raises:
        InputError: where neither a random start nor a target gives the first step a direction.
    """
    if targets is None and not options.random_start:
        raise InputError("pgd: without targets it needs random_start: at the clean picture the loss has no slope")
    counts = Counter(surrogates)
    see = view or (lambda photographs: photographs)
    with torch.no_grad():
        clean = see(pictures) if targets is None else targets
        references = [normalize(surrogate(clean), dim=-1) for surrogate in counts]

    def loss(perturbed: torch.Tensor) -> torch.Tensor:
        faces = see(perturbed)
        distances = 0
        for (surrogate, count), reference in zip(counts.items(), references, strict=True):
            distances = distances + count * (normalize(surrogate(faces), dim=-1) - reference).square().sum(dim=-1)
        mean = distances.sum() / len(surrogates)
        return mean if targets is None else -mean

    return ascend(pictures, loss, options, seeds, track)
