"""Fawkes v0.3 (Shan et al., USENIX Security 2020): towards another identity's embedding (attacks.md 3.3).

Every picture is optimized as in a batch of one, the default of the original, however many are computed together.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from uncloak.attacks.fawkes import Mode, ModeOptions
from uncloak.attacks.terms.adadelta import Adadelta, decode, decode_with_slope, encode
from uncloak.attacks.terms.dssim import Dssim
from uncloak.errors import InputError

NEEDS_TARGETS = True

_RHO, _EPS = 0.95, 1e-8
_FIRST_MODIFIER = 1e-6
_DECAY = 0.8

MODES = {
    "min": Mode(0.002, 20, 40.0),
    "low": Mode(0.003, 50, 35.0),
    "mid": Mode(0.005, 200, 20.0),
    "high": Mode(0.008, 500, 10.0),
    "ultra": Mode(0.01, 1000, 8.0),
}


@dataclass(frozen=True)
class Options(ModeOptions):
    """Options of Fawkes v0.3 (attacks.md 3.1).

    Attributes:
        mode: "min", "low", "mid", "high" or "ultra", which set the three below.
        th: DSSIM above which the penalty acts, in place of the mode's.
        steps: iterations, in place of the mode's; at least 3.
        lr: Adadelta's first learning rate, in place of the mode's.
        penalty: factor of the squared excess of DSSIM over the threshold.
        stop: share of a picture's distance from its target picture, a mean over surrogates, from which on it is left as
            it is, so that it stays apart from the target: 0.2 against detection in section 8.2 of the paper. The tool
            never stops early.
    """

    method: ClassVar[str] = "fawkes_v03"
    modes: ClassVar[dict[str, Mode]] = MODES
    fewest_steps: ClassVar[int] = 3

    penalty: float = 1e9
    stop: float | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.stop is not None and not 0 < self.stop < 1:
            raise InputError(f"fawkes_v03: stop is {self.stop}; it must be above 0 and below 1")


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

    Args:
        pictures: float [N,3,S,S] RGB in [0,1], face crops.
        surrogates: frozen extractors, faces -> embeddings [N,D], which are compared as they are; one that stands here k
            times counts k times.
        options: see `Options`.
        seeds: not used; what is random is drawn beforehand (`uncloak.attacks.targets`).
        targets: float [N,3,S,S], the target picture of each face.
        view: not used; the attack works on crops.
        track: wraps the range of iterations, to tell how far they are.

    Raises:
        InputError: where there are no targets, or the pictures are smaller than DSSIM's window.
    """
    if targets is None or targets.shape != pictures.shape:
        raise InputError("fawkes_v03: needs one target picture for each face, of the same size")
    th, steps, lr = options.resolved()
    counts = Counter(surrogates)
    encoded = encode(pictures)
    clean = decode(encoded)
    dissimilarity = Dssim(clean)
    with torch.no_grad():
        starts = [surrogate(clean) for surrogate in counts]
        aims = [surrogate(decode(encode(targets))) for surrogate in counts]
    goals = [2 * aim - start for aim, start in zip(aims, starts, strict=True)]
    to_goals = _relative_distance(goals, goals, counts.values())
    gaps = [aim - start for aim, start in zip(aims, starts, strict=True)]
    to_aims = _relative_distance(aims, gaps, counts.values())

    modifier = torch.full_like(encoded, _FIRST_MODIFIER)
    optimizer = Adadelta(modifier, _RHO, _EPS, lr)
    best = torch.full((len(pictures),), torch.inf).to(pictures)
    kept = clean

    stopped = torch.zeros(len(pictures), dtype=torch.bool, device=pictures.device)

    def judge(perturbed: torch.Tensor, embedded: list[torch.Tensor], feature: torch.Tensor) -> tuple[torch.Tensor, ...]:
        # DSSIM plays no part: only the penalty holds it near the threshold.
        better, near = feature < best, stopped
        if options.stop is not None:
            near = to_aims(embedded) <= options.stop * len(surrogates)
            better = (better | near) & ~stopped
        kept_now = torch.where(better[:, None, None, None], perturbed, kept)
        return torch.where(better, feature, best), kept_now, stopped | near

    for step in track(range(steps)):
        perturbed, slope = decode_with_slope(encoded + modifier)
        perturbed.requires_grad_()
        # The two terms one after the other, so that only one's intermediate values are in memory.
        penalty = options.penalty * (dissimilarity(perturbed) - th).relu().square()
        (by_penalty,) = torch.autograd.grad(penalty.sum(), perturbed)
        embedded = [surrogate(perturbed) for surrogate in counts]
        feature = to_goals(embedded)
        (by_feature,) = torch.autograd.grad(feature.sum(), perturbed)
        # Surrogates may answer in another memory layout.
        gradient = by_penalty.add_(by_feature.contiguous()).mul_(slope)
        if step > 0:
            # The iterate after a step is judged by the forward pass of the next one.
            best, kept, stopped = judge(perturbed.detach(), [each.detach() for each in embedded], feature.detach())
        optimizer.step(modifier, gradient)
        if step > 0 and step % (steps // 3) == 0:
            optimizer.lr *= _DECAY
    with torch.no_grad():
        perturbed = decode(encoded + modifier)
        embedded = [surrogate(perturbed) for surrogate in counts]
        _, kept, _ = judge(perturbed, embedded, to_goals(embedded))
    broken = ~modifier.isfinite().flatten(1).all(dim=1)
    return kept.clamp(0, 1).masked_fill_(broken[:, None, None, None], torch.nan)


@torch.no_grad()
def _relative_distance(
    points: Sequence[torch.Tensor], lengths: Sequence[torch.Tensor], counts: Iterable[int]
) -> Callable[[Sequence[torch.Tensor]], torch.Tensor]:
    """Return the sum [N] over surrogates of the distances of embeddings from points, in lengths of their own [N,D]."""
    scales = [count / torch.linalg.vector_norm(length, dim=-1) for length, count in zip(lengths, counts, strict=True)]

    def distance(embedded: Sequence[torch.Tensor]) -> torch.Tensor:
        return sum(
            torch.linalg.vector_norm(point - each, dim=-1) * scale
            for each, point, scale in zip(embedded, points, scales, strict=True)
        )

    return distance
