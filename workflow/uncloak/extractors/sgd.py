"""Stochastic gradient descent with momentum, as published face networks are trained."""

from collections.abc import Iterable

import torch

from uncloak.extractors.optimizer import Optimizer, Tensors


class SGD(Optimizer):
    """What torch.optim.SGD(parameters, lr, momentum, weight_decay=weight_decay, foreach=True) does, bit by bit."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float, weight_decay: float):
        super().__init__(parameters, lr)
        self._momentum, self._weight_decay = momentum, weight_decay

    def begin(self, parameter: torch.nn.Parameter) -> tuple[torch.Tensor]:
        """Return the sum of the gradients so far, each step by the momentum less."""
        return (torch.zeros_like(parameter, memory_format=torch.preserve_format),)

    def change(self, parameters: Tensors, gradients: Tensors, lr: float, sums: Tensors) -> None:
        torch._foreach_mul_(sums, self._momentum)
        torch._foreach_add_(sums, torch._foreach_add(gradients, parameters, alpha=self._weight_decay))
        torch._foreach_add_(parameters, sums, alpha=-lr)
