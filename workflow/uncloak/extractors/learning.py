"""How a network learns: its schedule, the order of its pictures, and the loop over batches."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from uncloak.ascent import ascend
from uncloak.ball import Ball
from uncloak.checkpoints import Checkpoint
from uncloak.devices import autocast
from uncloak.errors import InputError
from uncloak.extractors.adamw import AdamW
from uncloak.extractors.augmentation import augment
from uncloak.extractors.batches import Batches
from uncloak.extractors.optimizer import Optimizer
from uncloak.extractors.resuming import Resuming
from uncloak.extractors.sgd import SGD
from uncloak.pictures.views import Faces
from uncloak.progress import track

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """How long and how to train; `iterations` rather than seconds, so that a run can be repeated.

    `optimizer` is one of `OPTIMIZERS`, `precision` one of `uncloak.devices.PRECISIONS`. With `adversarial`, each batch
    is first moved inside that ball to where the loss of the network as it stands is large, and that is learned in its
    place (Madry et al., ICLR 2018; Fawkes, section 8.1). The published training of LowKey's extractors (Cherepanova et
    al. 2021, appendix 8.1) is 120 epochs of `Schedule(iterations, 512, 0.1, 5e-4, optimizer="sgd", drops=(35 / 120, 65
    / 120, 95 / 120))`.
    """

    iterations: int
    batch: int = 96
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    warm_up: float = 0.08
    shift: int = 1
    color: float = 0.1
    erase: float = 0.0
    noise: float = 0.0
    precision: str = "auto"
    optimizer: str = "adamw"
    momentum: float = 0.9
    drops: tuple[float, ...] = ()
    drop: float = 0.1
    adversarial: Ball | None = None


OPTIMIZERS: dict[str, Callable[[Sequence[nn.Parameter], Schedule], Optimizer]] = {
    "adamw": lambda parameters, schedule: AdamW(parameters, schedule.learning_rate, schedule.weight_decay),
    "sgd": lambda parameters, schedule: SGD(
        parameters, schedule.learning_rate, schedule.momentum, schedule.weight_decay
    ),
}


def learning_rate_factor(
    iteration: int, iterations: int, warm_up: float, drops: Sequence[float] = (), drop: float = 0.1
) -> float:
    """Return the share of the learning rate in use.

    It rises linearly over the share `warm_up` of the iterations. Then it falls along half a cosine to zero, or, where
    there are `drops`, is multiplied by `drop` after each of these shares of the iterations.
    """
    rising = max(1, round(warm_up * iterations))
    if iteration < rising:
        return (iteration + 1) / rising
    if drops:
        return drop ** sum(iteration >= share * iterations for share in drops)
    return 0.5 * (1 + math.cos(math.pi * (iteration - rising) / max(1, iterations - rising)))


def learn(
    network: nn.Module,
    pictures: Faces,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    schedule: Schedule,
    random: np.random.Generator,
    name: str,
    *,
    device: str = "cpu",
    groups: Sequence[tuple[np.ndarray, int]] | None = None,
    head: nn.Module | None = None,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Train a network in place and leave it frozen and in evaluation mode.

    Args:
        network: pictures float32 [B,3,S,S] RGB in [0,1] -> outputs [B,D].
        pictures: uint8 [N,S,S,3], of which each batch is asked for alone.
        loss: of a batch's outputs [B,D], in the precision that they were computed in, and its rows int64 [B] among the
            pictures -> one number, in float32.
        schedule: how long and how.
        random: draws the batches and what `augment` changes.
        name: in messages.
        device: where to compute; what the loss holds must be there.
        groups: what each batch is made of, as `Batches` takes it; all pictures alike unless given.
        head: module of the loss, whose parameters learn along.
        checkpoint: keeps from time to time how far this has come; what it has kept is where the training goes on, to
            the same end, bit by bit.

    Raises InputError where the loss is no longer finite.
    """
    network.to(device, memory_format=torch.channels_last).requires_grad_(True).train()
    head = nn.Module() if head is None else head
    optimizer = OPTIMIZERS[schedule.optimizer]([*network.parameters(), *head.parameters()], schedule)
    drawn = Batches(groups or [(np.arange(len(pictures)), schedule.batch)], random)
    resuming = Resuming(checkpoint, network, head, optimizer, drawn, device)
    left = range(resuming.resume(), schedule.iterations)
    for iteration in track(left, len(left), f"training {name}", unit="iterations"):
        rows = next(drawn)
        batch = augment(pictures[rows], random, schedule.shift, schedule.color, schedule.erase, schedule.noise)
        seen = torch.from_numpy(batch).permute(0, 3, 1, 2).to(device)  # a permuted NHWC array is channels_last
        learned = torch.from_numpy(rows).to(device)

        def value_of(pictures: torch.Tensor, learned: torch.Tensor = learned) -> torch.Tensor:
            with autocast(device, schedule.precision):
                outputs = network(pictures)
            return loss(outputs, learned)

        if schedule.adversarial:
            seeds = random.integers(2**31, size=len(rows)).tolist()
            with _statistics_kept(network):
                seen = ascend(seen, value_of, schedule.adversarial, seeds)
        value = value_of(seen)
        factor = learning_rate_factor(iteration, schedule.iterations, schedule.warm_up, schedule.drops, schedule.drop)
        optimizer.param_groups[0]["lr"] = schedule.learning_rate * factor
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        if iteration % 100 == 0 or iteration == schedule.iterations - 1:
            logger.info("iteration %d: loss %.4f", iteration, value.item())
            if not torch.isfinite(value):
                raise InputError(f"training of '{name}' diverged at iteration {iteration}; lower its learning rate")
        resuming.keep(iteration + 1)
    network.eval().requires_grad_(False)


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Keep what normalizing layers have seen of pictures: those on the way to a batch are not learned from."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    kept = [(layer.momentum, layer.num_batches_tracked) for layer in layers]
    for layer in layers:
        layer.momentum, layer.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for layer, (momentum, tracked) in zip(layers, kept, strict=True):
            layer.momentum, layer.num_batches_tracked = momentum, tracked
