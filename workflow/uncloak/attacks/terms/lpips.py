"""LPIPS with AlexNet features (Zhang et al. 2018, version 0.1), from a file of ImageNet weights that the user has."""

import functools
import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable
from uncloak.published_files import OURS, digits_in

# Two 3x3 poolings of stride 2 follow a convolution of stride 4: a smaller picture leaves no feature.
_SMALLEST = 31


class Lpips:
    """LPIPS between float pictures [N,3,H,W] in [0,1] (attacks.md 4.5).

    Args:
        network: an `lpips.LPIPS` module, or one with its parts `scaling_layer`, `net` and `lins`, frozen and in eval
            mode.
        smallest: side in pixels below which pictures leave the network no feature.
    """

    def __init__(self, network: torch.nn.Module, smallest: int = _SMALLEST):
        self._network = network
        self._smallest = smallest

    def __call__(self, clean: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Return the distances [N], at least 0."""
        return self.against(clean)(other)

    def against(self, clean: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return the function `other -> distances [N]`, which keeps the features of `clean`.

        Raises:
            InputError: where the pictures are too small for the network.
        """
        if min(clean.shape[-2:]) < self._smallest:
            raise InputError(
                f"LPIPS needs pictures of at least {self._smallest} pixels a side, got {tuple(clean.shape[-2:])}"
            )
        self._network.to(clean)
        with torch.no_grad():
            references = self._features(clean)

        def distance(other: torch.Tensor) -> torch.Tensor:
            layers = zip(self._network.lins, references, self._features(other), strict=True)
            return sum(
                layer((reference - feature).square()).mean(dim=(1, 2, 3)) for layer, reference, feature in layers
            )

        return distance

    def _features(self, faces: torch.Tensor) -> list[torch.Tensor]:
        features = self._network.net(self._network.scaling_layer(2 * faces - 1))
        return [each / (each.square().sum(dim=1, keepdim=True).sqrt() + 1e-10) for each in features]


def read_weights(path: str | os.PathLike, digits: str, advice: str) -> object:
    """Return what the PyTorch file at `path` holds, whose SHA-256 begins with `digits`, where there are some.

    Raises:
        InputError: where the file is missing, unreadable, damaged or another.
    """
    check_readable(path, advice)
    try:
        if not hashlib.sha256(Path(path).read_bytes()).hexdigest().startswith(digits):
            raise InputError(f"{path}: its SHA-256 does not begin with {digits[:12]}; {advice}")
        return torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:
        raise unreadable(path, error, f"damaged or not a PyTorch weights file; {advice}") from None


@functools.cache
def load_lpips(path: str | os.PathLike) -> Lpips:
    """Load LPIPS with torchvision's AlexNet weights (the file alexnet-owt-*.pth) at `path`; loaded once per process.

    Raises:
        InputError: where the file is missing, unreadable, damaged, not AlexNet's, or not the one that its name
            promises: torchvision's names end with the beginning of the SHA-256.
    """
    advice = f"get AlexNet's weights from {OURS['alexnet'].url}, or use the perceptual term 'dssim'"
    weights = read_weights(path, digits_in(os.fspath(path)), advice)

    import lpips  # seconds to import, and most runs use DSSIM

    # pnet_rand keeps the package from downloading; its random features are replaced just below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the package calls torchvision in an outdated way
        network = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
    network.eval().requires_grad_(False)
    # The package cuts torchvision's `features.K` into `sliceJ.K`.
    names = {name: "features." + name.split(".", 1)[1] for name in network.net.state_dict()}
    try:
        network.net.load_state_dict({name: weights[source] for name, source in names.items()})
    except (KeyError, TypeError, IndexError, RuntimeError):
        raise InputError(f"{path}: does not hold AlexNet's features; {advice}") from None
    return Lpips(network)
