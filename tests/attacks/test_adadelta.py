"""Adadelta and tanh space against their formulas."""

import numpy as np
import pytest
import torch
from reference_computations import plain_encode
from torch import nn

from uncloak.attacks.terms.adadelta import Adadelta, decode, encode


@pytest.mark.parametrize("eps", [1e-7, 1e-8])
def test_adadelta_agrees_with_its_formulas_and_with_torch(eps):
    random = np.random.default_rng(0)
    start = random.normal(size=(5, 7))
    ours, formulas = torch.from_numpy(start.copy()), start.copy()
    torchs = nn.Parameter(torch.from_numpy(start.copy()))
    a, b = np.zeros_like(start), np.zeros_like(start)
    optimizer = Adadelta(ours, rho=0.95, eps=eps, lr=15)
    reference = torch.optim.Adadelta([torchs], lr=15, rho=0.95, eps=eps)
    for step in range(60):
        gradient = 10.0 ** random.integers(-9, 4) * random.normal(size=(5, 7)) * (step % 7 > 0)
        a = 0.95 * a + 0.05 * gradient**2
        update = gradient * np.sqrt(b + eps) / np.sqrt(a + eps)
        b = 0.95 * b + 0.05 * update**2
        formulas = formulas - 15 * update
        torchs.grad = torch.from_numpy(gradient)
        optimizer.step(ours, torchs.grad)
        reference.step()
        np.testing.assert_allclose(ours.numpy(), formulas, atol=1e-13, rtol=1e-12)
        torch.testing.assert_close(ours, torchs.detach(), atol=1e-13, rtol=1e-12)
    assert np.abs(formulas - start).mean() > 0.01


@pytest.mark.parametrize(("eps", "lr", "expected"), [(1e-8, 10, 0.0045), (1e-7, 15, 0.021)])
def test_adadelta_first_step_is_as_published_again_after_reset(eps, lr, expected):
    parameter = torch.zeros(1)
    optimizer = Adadelta(parameter, rho=0.95, eps=eps, lr=lr)
    for _ in range(2):
        optimizer.step(parameter.zero_(), torch.ones(1))
        assert parameter.item() == pytest.approx(-expected, rel=0.02)
        optimizer.step(parameter, torch.ones(1))
        optimizer.reset()


def test_tanh_space_returns_every_grey_level():
    levels = torch.arange(256, dtype=torch.float32).repeat(8) / 255
    assert (255 * (decode(encode(levels)) - levels)).abs().max() < 1e-5
    assert encode(levels).isfinite().all()
    assert encode(levels).abs().max() == pytest.approx(7.6, abs=0.1)
    torch.testing.assert_close(encode(levels.double()), plain_encode(255 * levels.double()), atol=1e-9, rtol=0)
    torch.testing.assert_close(255 * decode(encode(levels.double())), 255 * levels.double(), atol=1e-9, rtol=0)


def test_tanh_space_does_not_depend_on_the_place():
    random = torch.Generator().manual_seed(0)
    faces = torch.rand(7, 3, 13, 13, generator=random)
    for place in range(7):
        turned = faces.roll(place, dims=0)
        assert torch.equal(encode(turned).roll(-place, dims=0), encode(faces))
        assert torch.equal(decode(8 * turned - 4).roll(-place, dims=0), decode(8 * faces - 4))
