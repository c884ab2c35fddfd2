"""Structural dissimilarity of float pictures, differentiable, against a clean picture that stays the same."""

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d

from uncloak.errors import InputError

WINDOW = 11
_SIGMA = 1.5
_C1 = 0.01**2
_C2 = 0.03**2


class Dssim:
    """DSSIM of pictures against `clean`, as `tf.image.ssim` defines SSIM (attacks.md 2.4).

    The window is 11x11, Gaussian (sigma 1.5), at its valid positions only. The terms of the clean picture alone are
    computed once. A picture's value and gradient do not depend on the batch it is in. On a processor, the gradient of
    pictures whose DSSIM counts for nothing (their penalty is off) is 0 without being computed.

    Args:
        clean: float [N,C,H,W] in [0,1].

    Raises:
        InputError: where a side is shorter than the window.
    """

    def __init__(self, clean: torch.Tensor):
        height, width = clean.shape[-2:]
        if min(height, width) < WINDOW:
            raise InputError(f"DSSIM needs pictures of at least {WINDOW}x{WINDOW} pixels, got {height}x{width}")
        self.clean = clean.detach()
        self.weights = _weights().to(clean)
        with torch.no_grad():
            planes = torch.cat([self.clean, self.clean.square()], dim=1)
            self.mean, square = _window(planes, self.weights).chunk(2, dim=1)
            self.luminance = self.mean.square().add_(_C1)
            self.variance = square - self.mean.square() + _C2

    def __call__(self, other: torch.Tensor) -> torch.Tensor:
        """Return DSSIM [N] in [0,1] of `other`, float [N,C,H,W] in [0,1], one number per picture."""
        return _Dssim.apply(other, self)


class _Dssim(torch.autograd.Function):
    """DSSIM with its gradient by hand, in fewer passes over memory than autograd takes.

    With x clean, y other, W the window, m = W(y): l = (2 W(x) m + c1) / A, s = (2 (W(xy) - W(x) m) + c2) / B, where
    A = W(x)^2 + m^2 + c1 and B = W(x^2) - W(x)^2 + W(y^2) - m^2 + c2; DSSIM is the mean of (1 - l s) / 2.
    """

    @staticmethod
    def forward(ctx, other: torch.Tensor, against: Dssim) -> torch.Tensor:
        planes = other.new_empty(len(other), 3, *other.shape[1:])
        planes[:, 0] = other
        torch.mul(other, other, out=planes[:, 1])
        torch.mul(other, against.clean, out=planes[:, 2])
        mean, square, product = _window(planes.flatten(1, 2), against.weights).chunk(3, dim=1)
        # Differences of what is nearly equal come first: constants added before would cost DSSIM a digit.
        cross, mean_square = against.mean * mean, mean.square()
        luminance_scale = against.luminance + mean_square
        structure_scale = square.sub_(mean_square).add_(against.variance)
        structure = product.sub_(cross).mul_(2).add_(_C2).div_(structure_scale)
        luminance = cross.mul_(2).add_(_C1).div_(luminance_scale)
        ctx.against = against
        ctx.save_for_backward(other, mean, luminance, structure, luminance_scale, structure_scale)
        return (1 - (luminance * structure).mean(dim=(1, 2, 3))) / 2

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        against, saved, rows = ctx.against, ctx.saved_tensors, _asked(gradient)
        if rows is None:
            return _gradient(gradient, against.clean, against.mean, against.weights, *saved), None
        total = torch.zeros_like(saved[0])
        if len(rows):
            clean, mean = against.clean[rows], against.mean[rows]
            total[rows] = _gradient(gradient[rows], clean, mean, against.weights, *(values[rows] for values in saved))
        return total, None


def _asked(gradient: torch.Tensor) -> torch.Tensor | None:
    """Rows of the pictures whose DSSIM has a gradient at all, NaN included; None for the whole batch."""
    # To learn it from a GPU, one would have to wait for it.
    if gradient.is_cuda or gradient.all():
        return None
    return gradient.nonzero().flatten()


def _gradient(
    gradient: torch.Tensor,
    clean: torch.Tensor,
    clean_mean: torch.Tensor,
    weights: torch.Tensor,
    other: torch.Tensor,
    mean: torch.Tensor,
    luminance: torch.Tensor,
    structure: torch.Tensor,
    luminance_scale: torch.Tensor,
    structure_scale: torch.Tensor,
) -> torch.Tensor:
    """The gradient [N,C,H,W] by `other`, from that by DSSIM [N] and what the way forth has left."""
    # Half the derivatives of l s by W(y), W(xy) and, with the other sign, W(y^2).
    planes = mean.new_empty(len(mean), 3, *mean.shape[1:])
    by_mean, by_product, by_square = planes.unbind(1)
    torch.div(luminance, structure_scale, out=by_product)
    torch.mul(by_product, structure, out=by_square)
    ratio = structure / luminance_scale
    torch.sub(ratio, by_product, out=by_mean).mul_(clean_mean)
    by_mean.addcmul_(ratio.mul_(luminance).sub_(by_square), mean, value=-1)
    by_mean, by_product, by_square = _window(planes.flatten(1, 2), weights, spread=True).chunk(3, dim=1)
    total = by_mean.addcmul_(by_product, clean).addcmul_(by_square, other, value=-1)
    return total.mul_((gradient / -mean[0].numel())[:, None, None, None])


def dssim(clean: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return DSSIM [N] in [0,1] between float pictures [N,C,H,W] in [0,1]; see `Dssim`."""
    return Dssim(clean)(other)


def _window(planes: torch.Tensor, weights: torch.Tensor, spread: bool = False) -> torch.Tensor:
    """Return the means [N,P,W-10,H-10] of [N,P,H,W] over the window at its valid positions; rows become columns.

    With `spread` the way back from there, [N,P,W,H] -> [N,P,H+10,W+10]: every value goes to the pixels that it is a
    mean of.
    """
    # TF32, which cuDNN takes unless told otherwise, would round away what DSSIM measures.
    with torch.backends.cudnn.flags(enabled=False):
        return _slide(_slide(planes, weights, spread).mT.contiguous(), weights, spread)


def _slide(planes: torch.Tensor, weights: torch.Tensor, spread: bool) -> torch.Tensor:
    """Apply the window along H of [N,P,H,W]; columns stand as channels in the last place, which processors do fast."""
    channels = planes.shape[-1]
    kernels = weights.expand(channels, 1, 1, WINDOW).contiguous()
    padding = (0, WINDOW - 1 if spread else 0)
    return conv2d(planes.permute(0, 3, 1, 2), kernels, padding=padding, groups=channels).permute(0, 2, 3, 1)


def _weights() -> torch.Tensor:
    """The window along one axis, float64 [11], of sum 1."""
    offsets = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    return torch.softmax(-offsets.square() / (2 * _SIGMA**2), dim=0)
