"""AdamW (Loshchilov and Hutter 2019) by PyTorch's fused kernel."""

from collections.abc import Iterable

import torch

from uncloak.extractors.optimizer import Optimizer, Tensors

_BETAS, _EPSILON = (0.9, 0.999), 1e-8


class AdamW(Optimizer):
    """What torch.optim.AdamW(parameters, lr, weight_decay=weight_decay, fused=True) does, bit by bit."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float, weight_decay: float):
        super().__init__(parameters, lr)
        self._weight_decay = weight_decay

    def begin(self, parameter: torch.nn.Parameter) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the number of steps and the running means of the gradient and of its square."""
        means = [torch.zeros_like(parameter, memory_format=torch.preserve_format) for _ in range(2)]
        return torch.zeros((), device=parameter.device), *means

    def change(
        self, parameters: Tensors, gradients: Tensors, lr: float, steps: Tensors, means: Tensors, squares: Tensors
    ) -> None:
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            parameters,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=lr,
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            weight_decay=self._weight_decay,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )
