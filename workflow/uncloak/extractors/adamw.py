"""AdamW (Loshchilov and Hutter 2019) by PyTorch's fused kernel, without what torch.optim imports."""

from collections.abc import Iterable

import torch

_BETAS, _EPSILON = (0.9, 0.999), 1e-8


class AdamW:
    """What torch.optim.AdamW(parameters, lr, weight_decay=weight_decay, fused=True) does, bit by bit.

    torch.optim imports PyTorch's compiler, which takes more than a second of CPU in every job that trains. As there,
    `param_groups[0]["lr"]` may be changed between steps. All parameters are on one device and of one type.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float, weight_decay: float):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self._weight_decay = weight_decay
        # Parameter -> its number of steps and the running means of its gradient and of the gradient's square.
        self._state: dict[torch.nn.Parameter, tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = {}

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
            if parameter not in self._state:
                means = [torch.zeros_like(parameter, memory_format=torch.preserve_format) for _ in range(2)]
                self._state[parameter] = (torch.zeros((), device=parameter.device), *means)
        steps, means, squares = (list(part) for part in zip(*map(self._state.__getitem__, moved), strict=True))
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(
            moved,
            [parameter.grad for parameter in moved],
            means,
            squares,
            [],
            steps,
            lr=self.param_groups[0]["lr"],
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            weight_decay=self._weight_decay,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )
