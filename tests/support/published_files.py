"""Files of published weights as their libraries write them, with records that name them; all numbers are random."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from uncloak.extractors.extractor import Extractor
from uncloak.extractors.importing import import_published

Map = Callable[[torch.Tensor], torch.Tensor]
HALF = {"mean": [0.5] * 3, "std": [0.5] * 3}


def stirred(network: nn.Module, side: int) -> nn.Module:
    """Give a network other numbers and batch norms that have seen pictures of `side`, and set it to evaluation."""
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in network.parameters():
            spread = float(value.std()) if value.numel() > 1 else 0.0
            value.add_(0.2 * (spread or 0.2) * torch.randn(value.shape, generator=random))
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = 1.0
        network.train()(2 * _pictures(8, side) - 1)
    return network.eval()


def _pictures(count: int, side: int) -> torch.Tensor:
    """Noise, dark to bright."""
    noise = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1))
    return noise * torch.linspace(0.1, 1, count).view(-1, 1, 1, 1)


def published_file(path: Path, state: Mapping) -> tuple[Path, str]:
    """Write parameters in the format that the name tells, and return the path and the hash."""
    if path.suffix == ".npz":
        np.savez(path, **{name: value.numpy() for name, value in state.items()})
    elif path.suffix == ".safetensors":
        save_file({name: value.contiguous().clone() for name, value in state.items()}, path)
    else:
        torch.save(state, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def imported(path: Path, state: Mapping, network: dict, side: int, **weights: object) -> Extractor:
    """Write `state` to `path` and import it for this network, which takes pictures of `side`."""
    path, sha256 = published_file(path, state)
    record = {
        "network": network,
        "input": {"size": [side, side], "template": "arcface", **HALF},
        "weights": {"sha256": sha256, **weights},
    }
    return import_published(path, record)[0]


def assert_same_map(found: Map, expected: Map, side: int, levels: float = 1.0, tolerance: float = 1e-4):
    """Assert that embeddings of two maps of pictures in [0,levels], and gradients there, are equal and not constant."""
    pictures = (levels * _pictures(2, side)).requires_grad_()
    results = []
    for each in (found, expected):
        embeddings = each(pictures)
        weight = torch.linspace(-1, 1, embeddings[0].numel())
        [gradient] = torch.autograd.grad((embeddings * weight).sum(), pictures)
        results.append((embeddings.detach(), gradient))
    (embeddings, gradient), (expected_embeddings, expected_gradient) = results
    assert embeddings.ndim == 2
    assert not torch.equal(embeddings[0], embeddings[1]), "the pictures make a difference"
    for one, other in ((embeddings, expected_embeddings), (gradient, expected_gradient)):
        assert other.abs().max() > 0
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance * float(other.abs().max()))


def assert_gradient_is_a_slope(extractor: Extractor, side: int, step: float = 1e-6):
    """Assert in float64 that the gradient at a picture is the slope along a direction: its own, plus a random one."""
    picture = _pictures(1, side).double().requires_grad_()
    extractor = extractor.double()

    def value(picture: torch.Tensor) -> torch.Tensor:
        embedding = extractor(picture)
        return (embedding * torch.linspace(-1, 1, embedding.numel(), dtype=torch.float64)).sum()

    [gradient] = torch.autograd.grad(value(picture), picture)
    random = torch.randn(picture.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    along = gradient / gradient.norm() + random / random.norm()
    with torch.no_grad():
        slope = (value(picture + step * along) - value(picture - step * along)) / (2 * step)
    torch.testing.assert_close((gradient * along).sum(), slope, rtol=1e-3, atol=0.0)
