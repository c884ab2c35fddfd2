"""How a network learns: its schedule, the order of its pictures, and the loop over batches."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from uncloak.devices import autocast
from uncloak.errors import InputError
from uncloak.extractors.adamw import AdamW
from uncloak.extractors.augmentation import augment
from uncloak.progress import track

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """How long and how to train; `iterations` rather than seconds, so that a run can be repeated.

    `precision` is one of `uncloak.devices.PRECISIONS`.
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


def learning_rate_factor(iteration: int, schedule: Schedule) -> float:
    """Return the share of the learning rate in use: a linear warm-up, then half a cosine down to zero."""
    warm_up = max(1, round(schedule.warm_up * schedule.iterations))
    if iteration < warm_up:
        return (iteration + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (iteration - warm_up) / max(1, schedule.iterations - warm_up)))


def batches(groups: Sequence[tuple[np.ndarray, int]], random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield sorted rows int64 [B] without end: of each group (its rows, how many of a batch), one random order after
    the other.
    """
    orders = [rows[:0] for rows, _ in groups]
    while True:
        taken = []
        for number, (rows, count) in enumerate(groups):
            while len(orders[number]) < count:
                orders[number] = np.concatenate([orders[number], random.permutation(rows)])
            taken.append(orders[number][:count])
            orders[number] = orders[number][count:]
        yield np.sort(np.concatenate(taken))


def learn(
    network: nn.Module,
    pictures: np.ndarray,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    schedule: Schedule,
    random: np.random.Generator,
    name: str,
    *,
    device: str = "cpu",
    groups: Sequence[tuple[np.ndarray, int]] | None = None,
    head: Iterable[nn.Parameter] = (),
) -> None:
    """Train a network in place, in AdamW's steps, and leave it frozen and in evaluation mode.

    Args:
        network: pictures float32 [B,3,S,S] RGB in [0,1] -> outputs [B,D].
        pictures: uint8 [N,S,S,3].
        loss: of a batch's outputs [B,D], in the precision that they were computed in, and its rows int64 [B] among the
            pictures -> one number, in float32.
        schedule: how long and how.
        random: draws the batches and what `augment` changes.
        name: in messages.
        device: where to compute; what the loss holds must be there.
        groups: what each batch is made of, as `batches` takes it; all pictures alike unless given.
        head: parameters of the loss, which learn along.

    Raises InputError where the loss is no longer finite.
    """
    network.to(device, memory_format=torch.channels_last).requires_grad_(True).train()
    optimizer = AdamW([*network.parameters(), *head], schedule.learning_rate, schedule.weight_decay)
    drawn = batches(groups or [(np.arange(len(pictures)), schedule.batch)], random)
    for iteration in track(range(schedule.iterations), schedule.iterations, f"training {name}", unit="iterations"):
        rows = next(drawn)
        batch = augment(pictures[rows], random, schedule.shift, schedule.color, schedule.erase, schedule.noise)
        seen = torch.from_numpy(batch).permute(0, 3, 1, 2).to(device)  # a permuted NHWC array is channels_last
        with autocast(device, schedule.precision):
            outputs = network(seen)
        value = loss(outputs, torch.from_numpy(rows).to(device))
        optimizer.param_groups[0]["lr"] = schedule.learning_rate * learning_rate_factor(iteration, schedule)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        if iteration % 100 == 0 or iteration == schedule.iterations - 1:
            logger.info("iteration %d: loss %.4f", iteration, value.item())
            if not torch.isfinite(value):
                raise InputError(f"training of '{name}' diverged at iteration {iteration}; lower its learning rate")
    network.eval().requires_grad_(False)
