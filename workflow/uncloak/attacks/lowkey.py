"""LowKey (Cherepanova et al., ICLR 2021) on face crops: away from the clean embedding by sign ascent (attacks.md 4).

The crop is what the surrogates see: the warp of full-size photographs is the identity here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import normalize

from uncloak.attacks.dssim import Dssim
from uncloak.attacks.lpips import load_lpips
from uncloak.errors import InputError
from uncloak.seeds import generator

_BLUR_RADIUS = 3
_BLUR_SIGMA = 3.0
PERCEPTUAL = ("lpips", "dssim")


@dataclass(frozen=True)
class Options:
    """Options of LowKey; the defaults are the published ones (attacks.md 4.1).

    Attributes:
        steps: sign steps; the last iterate is the result.
        step_size: size of a step, of 1.
        noise: half-width of the uniform noise that the first iterate carries, of 1.
        smoothing: whether a blurred copy of the picture is attacked beside the plain one.
        perceptual: the perceptual term, "lpips" (needs `alexnet`) or "dssim" (needs no file, and a weight of its own:
            LPIPS' 0.05 leaves DSSIM without effect).
        perceptual_weight: factor of the perceptual term. The feature term is a mean over the D embedding dimensions,
            so the same weight counts D/512 times as much against it as in the paper, where D = 512.
        alexnet: file of torchvision's AlexNet weights, for "lpips".
    """

    steps: int = 50
    step_size: float = 0.0025
    noise: float = 0.005
    smoothing: bool = True
    perceptual: str = "lpips"
    perceptual_weight: float = 0.05
    alexnet: str | None = None

    def __post_init__(self):
        if self.steps < 1:
            raise InputError(f"lowkey: steps is {self.steps}; it must be at least 1")
        if not 0 < self.step_size <= 1:
            raise InputError(f"lowkey: step_size is {self.step_size}; it must be above 0 and at most 1")
        if not 0 <= self.noise <= 1:
            raise InputError(f"lowkey: noise is {self.noise}; it must be between 0 and 1")
        if not 0 <= self.perceptual_weight < float("inf"):
            raise InputError(f"lowkey: perceptual_weight is {self.perceptual_weight}; it must be 0 or more")
        if self.perceptual not in PERCEPTUAL:
            raise InputError(f"lowkey: perceptual is '{self.perceptual}'; choose from {', '.join(PERCEPTUAL)}")
        if self.perceptual == "lpips" and not self.alexnet:
            raise InputError(
                "lowkey: perceptual 'lpips' needs 'alexnet', the file of AlexNet's weights; or use 'dssim'"
            )


def attack(
    faces: torch.Tensor,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    options: Options,
    seeds: Sequence[int],
    targets: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return LowKey's perturbed faces, float [N,3,S,S] in [0,1]; a picture whose gradient broke down comes back as NaN.

    Args:
        faces: float [N,3,S,S] RGB in [0,1].
        surrogates: frozen extractors, faces -> embeddings [N,D] (not normalized).
        options: see `Options`.
        seeds: one seed per picture, of its first noise.
        targets: not used; LowKey has none.
    """
    blur = _blur_matrix(faces.shape[-1]).to(faces)
    distance = load_lpips(options.alexnet).against(faces) if options.perceptual == "lpips" else Dssim(faces)
    with torch.no_grad():
        references = [_embed(surrogate, faces, 1)[0] for surrogate in surrogates]
    perturbed = faces + _noise(faces, options.noise, seeds)
    broken = torch.zeros(len(faces), dtype=torch.bool, device=faces.device)

    for _ in range(options.steps):
        perturbed.requires_grad_()
        branches = [blur @ perturbed @ blur.T, perturbed] if options.smoothing else [perturbed]
        joined = torch.cat(branches)
        moved = sum(
            (_embed(surrogate, joined, len(branches)) - reference).square().mean(dim=(0, 2))
            for surrogate, reference in zip(surrogates, references, strict=True)
        )
        objective = moved / len(surrogates) - options.perceptual_weight * distance(perturbed)
        (gradient,) = torch.autograd.grad(objective.sum(), perturbed)
        # The sign of NaN is 0 in PyTorch, so a broken gradient would pass unseen.
        broken |= ~gradient.isfinite().flatten(1).all(dim=1)
        perturbed = perturbed.detach().add_(gradient.sign_(), alpha=options.step_size)
    return perturbed.clamp_(0, 1).masked_fill_(broken[:, None, None, None], torch.nan)


def _embed(surrogate: Callable, faces: torch.Tensor, branches: int) -> torch.Tensor:
    """Unit embeddings [branches,N,D] of [branches*N,3,S,S], each summed with its mirror picture's before (4.2)."""
    plain, mirrored = surrogate(torch.cat([faces, faces.flip(-1)])).chunk(2)
    return normalize(plain + mirrored, dim=-1).unflatten(0, (branches, -1))


def _noise(faces: torch.Tensor, size: float, seeds: Sequence[int]) -> torch.Tensor:
    draws = [generator(seed, "noise").uniform(-size, size, tuple(faces.shape[1:])) for seed in seeds]
    return torch.stack([torch.from_numpy(draw) for draw in draws]).to(faces)


def _blur_matrix(size: int) -> torch.Tensor:
    """The matrix [size,size], float64, of the Gaussian blur along one axis, reflected at the edges (4.5).

    Reflection inside the matrix keeps its gradient deterministic on every device.
    """
    if size <= _BLUR_RADIUS:
        raise InputError(f"lowkey: needs pictures of more than {_BLUR_RADIUS} pixels a side, got {size}")
    offsets = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1)
    weights = torch.softmax(-offsets.double().square() / (2 * _BLUR_SIGMA**2), dim=0)
    positions = (torch.arange(size)[:, None] + offsets).abs()
    positions = (size - 1) - (size - 1 - positions).abs()
    return torch.zeros(size, size, dtype=torch.float64).scatter_add_(1, positions, weights.expand(size, -1))
