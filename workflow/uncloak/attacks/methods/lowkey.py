"""LowKey (Cherepanova et al., ICLR 2021): away from the clean embedding by sign ascent (attacks.md 4)."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import normalize

from uncloak.ascent import uniform_noise
from uncloak.attacks.terms.blur import Blur
from uncloak.attacks.terms.dssim import Dssim
from uncloak.attacks.terms.lpips import load_lpips
from uncloak.attacks.terms.stlpips import load_stlpips
from uncloak.errors import InputError

PHOTOGRAPHS = True
PERCEPTUAL = ("lpips", "stlpips", "dssim")
# Of the published surrogates' embeddings (attacks.md 4.4).
DIMENSIONS = 512
ENSEMBLES = ("four", "two")


@dataclass(frozen=True)
class Options:
    """Options of LowKey; the defaults are the published ones (attacks.md 4.1).

    Attributes:
        steps: sign steps; the last iterate is the result. 10 to 50 give protection of growing strength.
        step_size: size of a step, of 1.
        noise: half-width of the uniform noise that the first iterate carries, of 1.
        smoothing: whether a blurred copy of the picture is attacked beside the plain one.
        flip: whether a picture's embedding is taken together with its mirror picture's, as the code does; the paper
            does not mention it (attacks.md 4.2 and 6).
        ensemble: "four" attacks every surrogate; "two" replaces each by the last one of the same architecture, as the
            loader of the re-uploaded code does by mistake (attacks.md 4.7).
        epsilon: largest change of a value, of 1, enforced after every step; the original sets it and never uses it.
        perceptual: the perceptual term, "lpips" (AlexNet's published weights are fetched), "stlpips" (tuned weights
            that the extra `stlpips` brings) or "dssim" (needs no file). The last two need a weight of their own:
            LPIPS' 0.05 leaves DSSIM without effect.
        perceptual_weight: factor of the perceptual term; 0.08 gives the "small" variant.
        scale_by_dimension: whether embeddings of another length than the published surrogates' 512 numbers count as if
            they had 512: the feature term is a mean over them, so without it the weight counts D/512 times as much
            against embeddings of D numbers as against the published ones.
        alexnet: file of AlexNet's weights: torchvision's for "lpips", the package's for "stlpips".
    """

    steps: int = 50
    step_size: float = 0.0025
    noise: float = 0.005
    smoothing: bool = True
    flip: bool = True
    ensemble: str = "four"
    epsilon: float | None = None
    perceptual: str = "lpips"
    perceptual_weight: float = 0.05
    scale_by_dimension: bool = True
    alexnet: str | None = None

    def __post_init__(self):
        if self.steps < 1:
            raise InputError(f"lowkey: steps is {self.steps}; it must be at least 1")
        if not 0 < self.step_size <= 1:
            raise InputError(f"lowkey: step_size is {self.step_size}; it must be above 0 and at most 1")
        if not 0 <= self.noise <= 1:
            raise InputError(f"lowkey: noise is {self.noise}; it must be between 0 and 1")
        if self.ensemble not in ENSEMBLES:
            raise InputError(f"lowkey: ensemble is '{self.ensemble}'; choose from {', '.join(ENSEMBLES)}")
        if self.epsilon is not None and not 0 < self.epsilon <= 1:
            raise InputError(f"lowkey: epsilon is {self.epsilon}; it must be above 0 and at most 1")
        if not 0 <= self.perceptual_weight < float("inf"):
            raise InputError(f"lowkey: perceptual_weight is {self.perceptual_weight}; it must be 0 or more")
        if self.perceptual not in PERCEPTUAL:
            raise InputError(f"lowkey: perceptual is '{self.perceptual}'; choose from {', '.join(PERCEPTUAL)}")
        if self.perceptual != "dssim" and not self.alexnet:
            raise InputError(
                f"lowkey: perceptual '{self.perceptual}' needs 'alexnet', the file of AlexNet's weights; or use 'dssim'"
            )


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
        pictures: float [N,3,H,W] RGB in [0,1], face crops or, with `view`, photographs.
        surrogates: frozen extractors, faces [N,3,S,S] -> embeddings [N,D], not normalized; one that stands here k times
            counts k times.
        options: see `Options`.
        seeds: one per picture, of its first noise.
        targets: float [N,3,S,S], a face for each picture, towards whose embedding it moves, as users who collude would
            do (Radiya-Dixit et al., ICLR 2022, Appendix D); without them it moves away from its own. The published
            tool has none.
        view: photographs -> faces, differentiable; the perceptual term then is the mean of the photograph's and the
            face's (attacks.md 4.4).
        track: wraps the range of steps, to tell how far they are.

    Raises:
        InputError: where the pictures are too small for the blur or for the perceptual term.
    """
    if options.ensemble == "two":
        surrogates = _last_of_each_architecture(surrogates)
    counts = Counter(surrogates)
    see = view or (lambda photographs: photographs)
    blur = Blur(pictures)
    distance = _perceptual_distance(pictures, options, view)
    broken = torch.zeros(len(pictures), dtype=torch.bool, device=pictures.device)
    with torch.no_grad():
        clean = see(pictures) if targets is None else targets
        references = [_units(surrogate, clean, options.flip) for surrogate in counts]
    # What each surrogate adds to the objective; a mean over surrogates, branches and dimensions.
    shares = [
        (1 if targets is None else -1)
        * (reference.shape[1] / DIMENSIONS if options.scale_by_dimension else 1)
        * count
        / (len(surrogates) * (1 + options.smoothing))
        for count, reference in zip(counts.values(), references, strict=True)
    ]
    perturbed = pictures + uniform_noise(pictures, options.noise, seeds)

    for _ in track(range(options.steps)):
        perturbed.requires_grad_()
        faces = see(perturbed)
        branches = [see(blur(perturbed)), faces] if options.smoothing else [faces]
        # One surrogate and branch at a time, so that only their feature maps are in memory.
        pulls = [
            sum(
                _pull(surrogate, branch.detach(), reference, share, options.flip)
                for surrogate, reference, share in zip(counts, references, shares, strict=True)
            )
            for branch in branches
        ]
        penalty = -options.perceptual_weight * distance(perturbed, faces).sum()
        (gradient,) = torch.autograd.grad([*branches, penalty], perturbed, [*pulls, torch.ones_like(penalty)])
        # The sign of NaN is 0 in PyTorch, so a broken gradient would pass unseen.
        broken |= ~gradient.isfinite().flatten(1).all(dim=1)
        perturbed = perturbed.detach().add_(gradient.sign_(), alpha=options.step_size)
        if options.epsilon is not None:
            perturbed = pictures + (perturbed - pictures).clamp_(-options.epsilon, options.epsilon)
    return perturbed.clamp_(0, 1).masked_fill_(broken[:, None, None, None], torch.nan)


def _pull(surrogate: Callable, faces: torch.Tensor, reference: torch.Tensor, share: float, flip: bool) -> torch.Tensor:
    """Gradient with respect to the faces [N,3,S,S] of `share` times the mean squared distance from the reference."""
    faces.requires_grad_()
    moved = share * (_units(surrogate, faces, flip) - reference).square().mean(dim=1)
    return torch.autograd.grad(moved.sum(), faces)[0]


def _units(surrogate: Callable, faces: torch.Tensor, flip: bool) -> torch.Tensor:
    """Unit embeddings [N,D] of N faces; each is summed with its mirror picture's before (attacks.md 4.2)."""
    if not flip:
        embeddings = surrogate(faces)
    elif faces.is_cuda:
        embeddings = sum(surrogate(torch.cat([faces, faces.flip(-1)])).chunk(2))
    else:
        # A processor's cache holds the feature maps of one pass, not of both.
        embeddings = surrogate(faces) + surrogate(faces.flip(-1))
    return normalize(embeddings, dim=-1)


def _perceptual_distance(
    pictures: torch.Tensor, options: Options, view: Callable | None
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """The perceptual term [N] as a function of perturbed pictures and their faces."""
    load = {"lpips": load_lpips, "stlpips": load_stlpips}.get(options.perceptual)
    to_clean = load(options.alexnet).against if load else Dssim
    of_picture = to_clean(pictures)
    if view is None:
        return lambda perturbed, faces: of_picture(perturbed)
    with torch.no_grad():
        of_face = to_clean(view(pictures))
    return lambda perturbed, faces: (of_picture(perturbed) + of_face(faces)) / 2


def _last_of_each_architecture(surrogates: Sequence[Callable]) -> list[Callable]:
    """Replace each surrogate by the last one whose parameters have the same names and shapes."""
    last = {_architecture(surrogate): surrogate for surrogate in surrogates}
    return [last[_architecture(surrogate)] for surrogate in surrogates]


def _architecture(surrogate: Callable) -> Hashable:
    if not hasattr(surrogate, "architecture") and isinstance(surrogate, torch.nn.Module):
        return tuple((name, tuple(values.shape)) for name, values in surrogate.named_parameters())
    return getattr(surrogate, "architecture", id(surrogate))
