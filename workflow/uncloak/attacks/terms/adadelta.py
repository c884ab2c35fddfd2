"""What both versions of Fawkes optimize: a modifier in tanh space, moved by Adadelta (attacks.md 2.3 and 2.5)."""

import torch

_STRETCH = 2 - 1e-6


def encode(faces: torch.Tensor) -> torch.Tensor:
    """Map faces in [0,1] to tanh space; 0 and 1 stay finite."""
    # In float32 the last values of a batch would be rounded in another way than the rest.
    return torch.atanh((faces.double() - 0.5) * _STRETCH).to(faces.dtype)


def decode(encoded: torch.Tensor) -> torch.Tensor:
    """Map tanh space back to faces in [0,1], up to a rounding error."""
    return _picture(torch.tanh(encoded))


def decode_with_slope(encoded: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the decoded faces and, value by value, their derivative by what was decoded."""
    bent = torch.tanh(encoded)
    slope = torch.addcmul(bent.new_full((), 1 / _STRETCH), bent, bent, value=-1 / _STRETCH)
    return _picture(bent), slope


def _picture(bent: torch.Tensor) -> torch.Tensor:
    # Multiplied and added in one operation, so that no grey level is off by a whole rounding step (attacks.md 7).
    return torch.add(bent.new_full((), 0.5), bent, alpha=1 / _STRETCH)


class Adadelta:
    """Element-wise Adadelta (Zeiler 2012) whose state starts at zero.

    Args:
        like: the tensor to be moved; the state takes its shape, dtype and device.
        rho: decay of both running means of squares.
        eps: added to both before the square root; it sets the size of the first step, lr * sqrt(eps / (1 - rho)).
        lr: factor of every step; may be assigned between steps.
    """

    def __init__(self, like: torch.Tensor, rho: float, eps: float, lr: float):
        self.rho, self.eps, self.lr = rho, eps, lr
        self._gradients = torch.zeros_like(like)
        self._updates = torch.zeros_like(like)

    @torch.no_grad()
    def step(self, parameter: torch.Tensor, gradient: torch.Tensor) -> None:
        """Move `parameter` in place, against `gradient`."""
        self._gradients.mul_(self.rho).addcmul_(gradient, gradient, value=1 - self.rho)
        update = self._updates.add(self.eps).div_(self._gradients.add(self.eps)).sqrt_().mul_(gradient)
        self._updates.mul_(self.rho).addcmul_(update, update, value=1 - self.rho)
        parameter.sub_(update, alpha=self.lr)

    def reset(self) -> None:
        """Forget all gradients and updates."""
        self._gradients.zero_()
        self._updates.zero_()
