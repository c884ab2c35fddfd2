"""Fawkes v1.0 (Shan et al., code of 2021): away from the clean embedding within a DSSIM budget (attacks.md 3.4)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn.functional import normalize

from uncloak.ascent import uniform_noise
from uncloak.attacks.fawkes import Mode, ModeOptions
from uncloak.attacks.terms.adadelta import Adadelta, decode, decode_with_slope, encode
from uncloak.attacks.terms.dssim import Dssim
from uncloak.errors import InputError

_LARGEST_CHANGE = 15 / 255
_RHO, _EPS = 0.95, 1e-7
_FIRST_MODIFIER = 1e-4
_FIRST_SIGN_STEP = 0.01
_WEIGHT_LIMIT = 129
_LITTLE, _LAST_DSSIM = 0.3, 0.015

STARTS = ("constant", "noise")
MODES = {"low": Mode(0.004, 40, 25.0), "mid": Mode(0.012, 75, 20.0), "high": Mode(0.017, 150, 15.0)}


@dataclass(frozen=True)
class Options(ModeOptions):
    """Options of Fawkes v1.0, by default as the command line had them for the ICLR results (attacks.md 3.1).

    Attributes:
        mode: "low", "mid" or "high", which set the three below. Low was published with one surrogate, the others with
            two.
        th: DSSIM budget, in place of the mode's; earlier commits of 1.0 had other numbers here and in `steps`.
        steps: iterations, in place of the mode's.
        lr: Adadelta's learning rate, in place of the mode's.
        penalty: factor of the squared excess of DSSIM over the budget; 1e7 where the original is called from Python.
        start: where the modifier starts: at the "constant" 1e-4, or in uniform "noise" below that, as later commits do.
        last: whether the last iterate may replace a kept one that moved little (attacks.md 3.4, after the loop).
    """

    method: ClassVar[str] = "fawkes_v10"
    modes: ClassVar[dict[str, Mode]] = MODES

    penalty: float = 1e6
    start: str = "constant"
    last: bool = True

    def __post_init__(self):
        super().__post_init__()
        if self.start not in STARTS:
            raise InputError(f"fawkes_v10: start is '{self.start}'; choose from {', '.join(STARTS)}")


def attack(
    pictures: torch.Tensor,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    options: Options,
    seeds: Sequence[int],
    *,
    targets: torch.Tensor | None = None,
    view: None = None,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> torch.Tensor:
    """Return the cloaked faces, float [N,3,S,S] in [0,1]; a picture whose optimization broke down comes back as NaN.

    A picture that never moves its embedding the right way inside the budget comes back clean.

    Args:
        pictures: float [N,3,S,S] RGB in [0,1], face crops.
        surrogates: frozen extractors, faces -> embeddings [N,D] (not normalized); one that stands here k times counts k
            times.
        options: see `Options`.
        seeds: one per picture, of a start in noise.
        targets: float [N,3,S,S], a face for each picture, towards whose embedding it moves, as users who collude would
            do (Radiya-Dixit et al., ICLR 2022, Appendix D): q is how much nearer it has come, in squared distance, and
            all else stays as it is. The published tool has no target: without it, q is how far it has moved.
        view: not used; the attack works on crops.
        track: wraps the range of iterations, to tell how far they are.

    Raises:
        InputError: where the pictures are smaller than DSSIM's window.
    """
    th, steps, lr = options.resolved()
    counts = Counter(surrogates)
    encoded = encode(pictures)
    clean = decode(encoded)
    lowest, highest = clean - _LARGEST_CHANGE, clean + _LARGEST_CHANGE
    dissimilarity = Dssim(clean)
    with torch.no_grad():
        references = [normalize(surrogate(clean if targets is None else targets), dim=-1) for surrogate in counts]

    def distance(faces: torch.Tensor) -> torch.Tensor:
        return sum(
            count * (normalize(surrogate(faces), dim=-1) - reference).square().sum(dim=-1)
            for (surrogate, count), reference in zip(counts.items(), references, strict=True)
        )

    if targets is None:
        movement = distance
    else:
        with torch.no_grad():
            at_first = distance(clean)

        def movement(faces: torch.Tensor) -> torch.Tensor:
            return at_first - distance(faces)

    if options.start == "noise":
        modifier = uniform_noise(pictures, _FIRST_MODIFIER, seeds)
    else:
        modifier = torch.full_like(encoded, _FIRST_MODIFIER)
    optimizer = Adadelta(modifier, _RHO, _EPS, lr)
    weight = torch.ones(len(pictures)).to(pictures)
    side = torch.ones_like(weight)
    best = torch.zeros_like(weight)
    kept = clean.clone()

    for step in track(range(steps)):
        unbounded, slope = decode_with_slope(encoded + modifier)
        perturbed = unbounded.clamp(lowest, highest).requires_grad_()
        # The two terms one after the other, so that only one's intermediate values are in memory.
        dssim = dissimilarity(perturbed)
        (by_dssim,) = torch.autograd.grad((options.penalty * (dssim - th).relu().square()).sum(), perturbed)
        moved = movement(perturbed)
        (by_movement,) = torch.autograd.grad((weight * moved).sum(), perturbed)
        dssim, moved, perturbed = dssim.detach(), moved.detach(), perturbed.detach()

        # Surrogates may answer in another memory layout. No gradient passes where the bound holds.
        gradient = by_dssim.sub_(by_movement.contiguous()).mul_(slope).mul_(perturbed == unbounded)
        optimizer.step(modifier, gradient)
        if step == 0:
            # The embedding has not moved yet and its gradient is next to nothing: a sign step breaks the symmetry.
            modifier.sub_(gradient.sign(), alpha=_FIRST_SIGN_STEP)
            optimizer.reset()

        weight, side = _reweigh(dssim, th, weight, side)
        better = (dssim <= 1.1 * th) & (moved > best)
        best = torch.where(better, moved, best)
        kept = torch.where(better[:, None, None, None], perturbed, kept)

    if options.last:
        kept = torch.where(_prefer_last(best, dssim, moved)[:, None, None, None], perturbed, kept)
    broken = ~modifier.isfinite().flatten(1).all(dim=1)
    return kept.clamp(0, 1).masked_fill_(broken[:, None, None, None], torch.nan)


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
