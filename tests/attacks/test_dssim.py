"""DSSIM in torch against scikit-image, its definition and finite differences."""

import math

import numpy as np
import pytest
import torch
from reference_computations import floats, plain_ssim, smooth_faces
from skimage.metrics import structural_similarity

from uncloak.attacks.terms import dssim as module
from uncloak.attacks.terms.dssim import Dssim, dssim
from uncloak.errors import InputError


def skimage_dssim(x: np.ndarray, y: np.ndarray) -> float:
    """DSSIM of float pictures [H,W,3] in grey levels."""
    # Truncation at 3.5 sigma makes scikit-image's window 11x11; 5 pixels are cut off to keep valid positions.
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    full = structural_similarity(x, y, channel_axis=2, full=True, **options)[1]
    return (1 - full[5:-5, 5:-5].mean()) / 2


@pytest.mark.parametrize("shape", [(112, 112), (224, 224), (11, 30)])
def test_dssim_of_float_pictures_agrees_with_scikit_image(shape):
    random = np.random.default_rng(1)
    clean = random.uniform(0, 255, (2, *shape, 3))
    other = np.clip(clean + random.normal(0, 25, clean.shape), 0, 255)
    expected = [skimage_dssim(x, y) for x, y in zip(clean, other, strict=True)]
    assert min(expected) > 0.01
    np.testing.assert_allclose(dssim(floats(clean), floats(other)).numpy(), expected, atol=1e-12)
    single = dssim(floats(clean, torch.float32), floats(other, torch.float32))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), expected, atol=2e-6)


def test_dssim_gradient_agrees_with_the_definition():
    random = np.random.default_rng(2)
    clean, other = (floats(random.uniform(0, 255, (3, 24, 37, 3))) for _ in range(2))
    other = (0.9 * clean + 0.1 * other).requires_grad_()
    weights = torch.tensor([1.0, -3.0, 0.0], dtype=torch.float64)
    (gradient,) = torch.autograd.grad((weights * Dssim(clean)(other)).sum(), other)
    plain = sum(w * (1 - plain_ssim(x * 255, y * 255)) / 2 for w, x, y in zip(weights, clean, other, strict=True))
    torch.testing.assert_close(gradient, torch.autograd.grad(plain, other)[0], atol=1e-15, rtol=1e-9)
    assert gradient[0].abs().max() > 1e-4
    assert not gradient[2].any()


def test_dssim_gradient_agrees_with_finite_differences_where_the_pictures_are_equal():
    clean = floats(smooth_faces(1, 16))
    (gradient,) = torch.autograd.grad(Dssim(clean)(other := clean.clone().requires_grad_()).sum(), other)
    assert gradient.abs().max() < 1e-12
    assert torch.autograd.gradcheck(Dssim(clean), (clean * 0.9 + 0.02).requires_grad_(), atol=1e-8)


@pytest.mark.parametrize("size", [13, 24, 37])
def test_dssim_does_not_depend_on_the_batch(size):
    random = torch.Generator().manual_seed(0)
    clean = torch.rand(33, 3, size, size, generator=random)
    other = (clean + 0.05 * torch.randn(clean.shape, generator=random)).clamp(0, 1)

    def value_and_gradient(rows):
        moved = other[rows].requires_grad_()
        values = Dssim(clean[rows])(moved)
        return values.detach(), torch.autograd.grad(values.sum(), moved)[0]

    values, gradients = value_and_gradient(list(range(33)))
    for rows in (torch.randperm(33, generator=random).tolist(), [32] * 33, [7], [32, 0, 5]):
        torch.testing.assert_close(value_and_gradient(rows), (values[rows], gradients[rows]), atol=0, rtol=0)


@pytest.mark.parametrize("size", [24, 64])
def test_the_gradient_of_pictures_that_count_for_nothing_is_not_computed(monkeypatch, size):
    random = torch.Generator().manual_seed(0)
    clean = torch.rand(6, 3, size, size, generator=random)
    other = (clean + 0.05 * torch.randn(clean.shape, generator=random)).clamp(0, 1).requires_grad_()
    window, spread = module._window, []

    def counted(planes, weights, **way):
        spread.extend([len(planes)] if way.get("spread") else [])
        return window(planes, weights, **way)

    def gradient(weights):
        spread.clear()
        return torch.autograd.grad(Dssim(clean)(other), other, torch.tensor(weights))[0]

    monkeypatch.setattr(module, "_window", counted)
    whole = gradient([1.0, -3.0, 2.0, 1e-3, 5.0, 1.0])
    assert spread == [6]
    assert not gradient([0.0, -0.0, 0.0, 0.0, 0.0, 0.0]).any()
    assert spread == []
    some = gradient([1.0, 0.0, 2.0, -0.0, 5.0, math.nan])
    assert spread == [4]
    # To the last bit.
    assert torch.equal(some[[0, 2, 4]], whole[[0, 2, 4]])
    assert not some[[1, 3]].any()
    assert some[5].isnan().all()


def test_dssim_needs_a_whole_window():
    with pytest.raises(InputError, match="11x11"):
        dssim(torch.zeros(1, 3, 10, 64), torch.zeros(1, 3, 10, 64))
