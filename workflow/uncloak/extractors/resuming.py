"""All that a training's next step depends on, kept in a checkpoint and taken from it."""

import logging

import torch
from torch import nn

from uncloak.checkpoints import Checkpoint
from uncloak.extractors.batches import Batches
from uncloak.extractors.optimizer import Optimizer

logger = logging.getLogger(__name__)


class Resuming:
    """A training as its checkpoint sees it; without a checkpoint nothing is kept.

    Args:
        checkpoint: where to keep it.
        network, head: what learns, buffers included.
        optimizer: of both.
        batches: what is learned in which order; their generator may draw other things, too.
        device: whose generator the network draws from.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | None,
        network: nn.Module,
        head: nn.Module,
        optimizer: Optimizer,
        batches: Batches,
        device: str,
    ):
        self._checkpoint, self._optimizer, self._batches = checkpoint, optimizer, batches
        self._modules = nn.ModuleDict({"network": network, "head": head})
        self._device = torch.device(device)

    def keep(self, iterations: int) -> None:
        """Keep what is after so many iterations, if it is time to."""
        if self._checkpoint is None or not self._checkpoint.due():
            return
        tensors = {f"modules.{name}": value for name, value in self._modules.state_dict().items()}
        tensors |= {f"optimizer.{name}": value for name, value in self._optimizer.state().items()}
        tensors |= {f"order.{i}": torch.from_numpy(order) for i, order in enumerate(self._batches.orders)}
        tensors["random.cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self._device)
        told = {"iterations": iterations, "random": self._batches.random.bit_generator.state}
        self._checkpoint.write(tensors, told)
        logger.info("kept iteration %d", iterations)

    def resume(self) -> int:
        """Take up what was kept; return after how many iterations, 0 where nothing was."""
        kept = None if self._checkpoint is None else self._checkpoint.read()
        if kept is None:
            return 0
        self._modules.load_state_dict(_below("modules", kept.tensors))
        self._optimizer.restore(_below("optimizer", kept.tensors))
        self._batches.orders = [kept.tensors[f"order.{i}"].numpy() for i in range(len(self._batches.orders))]
        self._batches.random.bit_generator.state = kept.told["random"]
        torch.set_rng_state(kept.tensors["random.cpu"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(kept.tensors["random.cuda"], self._device)
        logger.info("going on after iteration %d", kept.told["iterations"])
        return kept.told["iterations"]


def _below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
