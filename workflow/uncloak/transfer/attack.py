"""Adversarial examples against an ensemble of classifiers (Radiya-Dixit et al., ICLR 2022, Appendix B.5).

Projected gradient descent, as on faces, with the mean of the classifiers' cross entropies for a loss.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from uncloak.ascent import ascend
from uncloak.attacks.methods.pgd import Options
from uncloak.errors import InputError
from uncloak.halving import Halving
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

    def loss(perturbed: torch.Tensor) -> torch.Tensor:
        entropies = (cross_entropy(classifier(perturbed), labels, reduction="sum") for classifier in classifiers)
        return sum(entropies) / len(classifiers)

    perturbed = ascend(pictures, loss, options, seeds)
    if not perturbed.isfinite().all():
        raise InputError("transfer: a surrogate's gradient is not finite; leave that classifier out")
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
    perturbed, halved = np.empty_like(pictures), Halving("transfer")

    def perturb_rows(rows: slice) -> np.ndarray:
        seeds = [derive_seed(seed, "transfer", name) for name in names[rows]]
        target = torch.from_numpy(labels[rows]).to(device)
        result = attack(as_floats(pictures[rows], device), target, classifiers, options, seeds)
        return (255 * result).round().byte().permute(0, 2, 3, 1).cpu().numpy()

    for start in track(range(0, len(pictures), batch), -(-len(pictures) // batch), "attacking", unit="batches"):
        count = min(batch, len(pictures) - start)
        for rows, result in halved(lambda rows, start=start: perturb_rows(_moved(rows, start)), count):
            perturbed[_moved(rows, start)] = result
    return perturbed


def _moved(rows: slice, by: int) -> slice:
    return slice(rows.start + by, rows.stop + by)
