"""Fawkes v1.0 (Shan et al., code of 2021): away from the clean embedding within a DSSIM budget (attacks.md 3.4)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn.functional import normalize

from uncloak.attacks.adadelta import Adadelta, decode, encode
from uncloak.attacks.dssim import Dssim
from uncloak.errors import InputError

_LARGEST_CHANGE = 15 / 255
_RHO, _EPS = 0.95, 1e-7
_FIRST_MODIFIER = 1e-4
_FIRST_SIGN_STEP = 0.01
_WEIGHT_LIMIT = 129
_LITTLE, _LAST_DSSIM = 0.3, 0.015


class Mode(NamedTuple):
    """DSSIM budget, iterations and learning rate of one mode."""

    th: float
    steps: int
    lr: float


MODES = {"low": Mode(0.004, 40, 25.0), "mid": Mode(0.012, 75, 20.0), "high": Mode(0.017, 150, 15.0)}


@dataclass(frozen=True)
class Options:
    """Options of Fawkes v1.0 (attacks.md 3.1).

    Attributes:
        mode: "low", "mid" or "high", which set the three below. Low was published with one surrogate, the others with
            two.
        th: DSSIM budget, in place of the mode's.
        steps: iterations, in place of the mode's.
        lr: Adadelta's learning rate, in place of the mode's.
        penalty: factor of the squared excess of DSSIM over the budget.
    """

    mode: str = "high"
    th: float | None = None
    steps: int | None = None
    lr: float | None = None
    penalty: float = 1e6

    def __post_init__(self):
        if self.mode not in MODES:
            raise InputError(f"fawkes_v10: mode is '{self.mode}'; choose from {', '.join(MODES)}")
        if self.steps is not None and self.steps < 1:
            raise InputError(f"fawkes_v10: steps is {self.steps}; it must be at least 1")
        for name in ("th", "lr", "penalty"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"fawkes_v10: {name} is {value}; it must be a number above 0")

    def resolved(self) -> Mode:
        """Return the mode's values, each replaced where the option is given."""
        given = {name: getattr(self, name) for name in Mode._fields if getattr(self, name) is not None}
        return MODES[self.mode]._replace(**given)


def attack(
    faces: torch.Tensor,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    options: Options,
    seeds: Sequence[int],
    targets: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the cloaked faces, float [N,3,S,S] in [0,1]; a picture whose optimization broke down comes back as NaN.

    A picture that never moves its embedding inside the budget comes back clean.

    Args:
        faces: float [N,3,S,S] RGB in [0,1].
        surrogates: frozen extractors, faces -> embeddings [N,D] (not normalized).
        options: see `Options`.
        seeds: not used; nothing is random.
        targets: not used; the attack is untargeted.
    """
    th, steps, lr = options.resolved()
    encoded = encode(faces)
    clean = decode(encoded)
    dissimilarity = Dssim(clean)
    with torch.no_grad():
        references = [normalize(surrogate(clean), dim=-1) for surrogate in surrogates]
    modifier = torch.full_like(encoded, _FIRST_MODIFIER)
    optimizer = Adadelta(modifier, _RHO, _EPS, lr)
    weight = torch.ones(len(faces)).to(faces)
    side = torch.ones_like(weight)
    best = torch.zeros_like(weight)
    kept = clean.clone()

    for step in range(steps):
        modifier.requires_grad_()
        perturbed = clean + (decode(encoded + modifier) - clean).clamp(-_LARGEST_CHANGE, _LARGEST_CHANGE)
        dssim = dissimilarity(perturbed)
        moved = sum(
            (normalize(surrogate(perturbed), dim=-1) - reference).square().sum(dim=-1)
            for surrogate, reference in zip(surrogates, references, strict=True)
        )
        loss = options.penalty * (dssim - th).relu().square() - weight * moved
        (gradient,) = torch.autograd.grad(loss.sum(), modifier)

        modifier = modifier.detach()
        optimizer.step(modifier, gradient)
        if step == 0:
            # The embedding has not moved yet and its gradient is next to nothing: a sign step breaks the symmetry.
            modifier.sub_(gradient.sign(), alpha=_FIRST_SIGN_STEP)
            optimizer.reset()

        dssim, moved, perturbed = dssim.detach(), moved.detach(), perturbed.detach()
        weight, side = _reweigh(dssim, th, weight, side)
        better = (dssim <= 1.1 * th) & (moved > best)
        best = torch.where(better, moved, best)
        kept = torch.where(better[:, None, None, None], perturbed, kept)

    last = _prefer_last(best, dssim, moved)
    kept = torch.where(last[:, None, None, None], perturbed, kept).clamp_(0, 1)
    broken = ~modifier.isfinite().flatten(1).all(dim=1)
    return kept.masked_fill_(broken[:, None, None, None], torch.nan)


def _prefer_last(best: torch.Tensor, dssim: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
    """Whether a picture whose kept iterate moved little takes its last one, of this DSSIM and movement, instead."""
    return (best < _LITTLE) & (dssim < _LAST_DSSIM) & (moved > best)


def _reweigh(
    dssim: torch.Tensor, th: float, weight: torch.Tensor, side: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the next weight of the feature term and the side of the budget that each picture is on.

    The weight doubles below the budget and halves above it, restarts at 1 with every crossing, and falls back to 1
    beyond its limit.
    """
    under = (dssim <= 0.9 * th) & (weight <= _WEIGHT_LIMIT)
    over = ~under & (dssim >= 1.1 * th) & (weight >= 1 / _WEIGHT_LIMIT)
    one = torch.ones_like(weight)
    grown = torch.where(side == -1, one, weight * 2)
    shrunk = torch.where(side == 1, one, weight / 2)
    next_weight = torch.where(under, grown, torch.where(over, shrunk, one))
    return next_weight, under.to(weight) - over.to(weight)
