"""What optimizers share, without what torch.optim imports: PyTorch's compiler, a second of CPU in every training."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import torch

Tensors = Sequence[torch.Tensor]


class Optimizer(ABC):
    """Changes parameters by their gradients.

    As in torch.optim, `param_groups[0]["lr"]` may be changed between steps. All parameters are on one device and of one
    type.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self._kept: dict[torch.nn.Parameter, tuple[torch.Tensor, ...]] = {}

    @abstractmethod
    def begin(self, parameter: torch.nn.Parameter) -> tuple[torch.Tensor, ...]:
        """Return what is kept of a parameter from step to step, as it is before the first."""

    @abstractmethod
    def change(self, parameters: Tensors, gradients: Tensors, lr: float, *kept: Tensors) -> None:
        """Change parameters, and in `kept` each thing that `begin` gave for them, in place."""

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters that have a gradient."""
        moved = [parameter for parameter in self.param_groups[0]["params"] if parameter.grad is not None]
        if not moved:
            return
        for parameter in moved:
            if parameter not in self._kept:
                self._kept[parameter] = self.begin(parameter)
        kept = (list(part) for part in zip(*map(self._kept.__getitem__, moved), strict=True))
        self.change(moved, [parameter.grad for parameter in moved], self.param_groups[0]["lr"], *kept)

    def state(self) -> dict[str, torch.Tensor]:
        """Return what is kept, by the parameter's place and its own, such as "3.0"."""
        return {
            f"{place}.{number}": each
            for place, parameter in enumerate(self.param_groups[0]["params"])
            for number, each in enumerate(self._kept.get(parameter, ()))
        }

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Keep what `state` gave, in the parameters' memory formats and where they are."""
        for place, parameter in enumerate(self.param_groups[0]["params"]):
            if f"{place}.0" in state:
                self._kept[parameter] = self.begin(parameter)
                for number, each in enumerate(self._kept[parameter]):
                    each.copy_(state[f"{place}.{number}"])
