"""Sign steps that raise a loss inside an L-inf ball around pictures (Madry et al., ICLR 2018, arXiv 1706.06083), and
random starts: every picture has a stream of its own.
"""

from collections.abc import Callable, Sequence

import torch

from uncloak.ball import Ball
from uncloak.seeds import generator


def uniform_noise(pictures: torch.Tensor, size: float, seeds: Sequence[int]) -> torch.Tensor:
    """Return values uniform in (-size, size), shaped like `pictures` [N,C,H,W] and drawn from one seed for each."""
    draws = [generator(seed, "noise").uniform(-size, size, tuple(pictures.shape[1:])) for seed in seeds]
    return torch.stack([torch.from_numpy(draw) for draw in draws]).to(pictures)


def ascend(
    pictures: torch.Tensor,
    loss: Callable[[torch.Tensor], torch.Tensor],
    ball: Ball,
    seeds: Sequence[int],
    track: Callable = iter,
) -> torch.Tensor:
    """Return pictures, float [N,C,H,W] in [0,1], within epsilon of the given ones, whose `loss` sign steps have raised.

    One whose gradient broke down comes back as NaN.

    Args:
        pictures: float [N,C,H,W] in [0,1].
        loss: of perturbed pictures; a sum over them, so that no picture's step depends on the others in its batch.
        ball: how far and how.
        seeds: one per picture, of its random start.
        track: wraps the range of steps, to tell how far they are.
    """
    step_size = ball.step_size or 2.5 * ball.epsilon / ball.steps
    lowest, highest = (pictures - ball.epsilon).clamp_(min=0), (pictures + ball.epsilon).clamp_(max=1)
    broken = torch.zeros(len(pictures), dtype=torch.bool, device=pictures.device)
    perturbed = pictures.clone()
    if ball.random_start:
        perturbed = torch.clamp(perturbed + uniform_noise(pictures, ball.epsilon, seeds), lowest, highest)
    for _ in track(range(ball.steps)):
        perturbed.requires_grad_()
        (gradient,) = torch.autograd.grad(loss(perturbed), perturbed)
        # The sign of NaN is 0 in PyTorch, so a broken gradient would pass unseen.
        broken |= ~gradient.isfinite().flatten(1).all(dim=1)
        perturbed = torch.clamp(perturbed.detach().add_(gradient.sign_(), alpha=step_size), lowest, highest)
    return perturbed.masked_fill_(broken[:, None, None, None], torch.nan)
