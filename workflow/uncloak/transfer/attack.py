"""Adversarial examples against an ensemble of classifiers, by projected gradient descent inside an L-inf ball.

The method of Madry et al. (ICLR 2018, arXiv 1706.06083, section 2.1) with the mean of the classifiers' cross entropies
for a loss, as in Radiya-Dixit et al. (ICLR 2022), Appendix B.5.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from uncloak.attacks.methods.pgd import Options
from uncloak.attacks.start import uniform_noise
from uncloak.errors import InputError
from uncloak.pictures.tensors import as_floats
from uncloak.progress import track
from uncloak.seeds import derive_seed

Network = Callable[[torch.Tensor], torch.Tensor]


def attack(
    pictures: torch.Tensor,
    labels: torch.Tensor,
    classifiers: Sequence[Network],
    options: Options,
    seeds: Sequence[int],
) -> torch.Tensor:
    """Return pictures, float [N,3,H,W] in [0,1], within epsilon of the given ones, that the classifiers get wrong.

    Args:
        pictures: float [N,3,H,W] RGB in [0,1].
        labels: int64 [N], the classes, whose cross entropy grows.
        classifiers: frozen, pictures -> logits [N,classes].
        options: as for faces: epsilon, steps, step_size, random_start.
        seeds: one per picture, of its random start.

    Raises:
        InputError: without classifiers, or where a gradient is not finite.
    """
    if not classifiers:
        raise InputError("transfer: has no surrogates; name at least one classifier")
    step_size = options.step_size or 2.5 * options.epsilon / options.steps
    lowest, highest = (pictures - options.epsilon).clamp_(min=0), (pictures + options.epsilon).clamp_(max=1)
    perturbed = pictures.clone()
    if options.random_start:
        perturbed = torch.clamp(perturbed + uniform_noise(pictures, options.epsilon, seeds), lowest, highest)
    for _ in range(options.steps):
        perturbed.requires_grad_()
        # A sum over pictures, so that no picture's step depends on the others in its batch.
        loss = sum(cross_entropy(classifier(perturbed), labels, reduction="sum") for classifier in classifiers)
        (gradient,) = torch.autograd.grad(loss / len(classifiers), perturbed)
        if not gradient.isfinite().all():
            raise InputError("transfer: a surrogate's gradient is not finite; leave that classifier out")
        perturbed = perturbed.detach().add_(gradient.sign_(), alpha=step_size)
        perturbed = torch.clamp(perturbed, lowest, highest)
    return perturbed


def perturb(
    pictures: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    classifiers: Sequence[Network],
    options: Options,
    seed: int,
    *,
    batch: int = 60,
    device: str = "cpu",
) -> np.ndarray:
    """Attack 8-bit pictures, uint8 [N,S,S,3], called `names`, of classes `labels` int [N].

    Returns uint8 [N,S,S,3], for what is posted is 8-bit: rounded, so a value changes by at most epsilon where that is
    a whole number of levels, and else by at most the next whole number. No picture depends on the others.
    """
    perturbed = np.empty_like(pictures)
    for start in track(range(0, len(pictures), batch), -(-len(pictures) // batch), "attacking", unit="batches"):
        rows = slice(start, start + batch)
        seeds = [derive_seed(seed, "transfer", name) for name in names[rows]]
        target = torch.from_numpy(labels[rows]).to(device)
        result = attack(as_floats(pictures[rows], device), target, classifiers, options, seeds)
        perturbed[rows] = (255 * result).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return perturbed


@torch.no_grad()
def logits(pictures: np.ndarray, classifier: Network, *, batch: int = 60, device: str = "cpu") -> np.ndarray:
    """Return what a frozen classifier says of 8-bit pictures, uint8 [N,S,S,3]: float32 [N,classes]."""
    batches = (pictures[start : start + batch] for start in range(0, len(pictures), batch))
    return np.concatenate([classifier(as_floats(part, device)).float().cpu().numpy() for part in batches])
