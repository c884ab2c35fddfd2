"""Projected gradient descent on embeddings against a step-by-step reference in float64."""

import math

import numpy as np
import pytest
import torch
from reference_computations import (
    SIZE,
    floats,
    plain_original_warp,
    poisoned,
    random_projection,
    small_network,
    smooth_faces,
)

from uncloak.attacks.methods import pgd
from uncloak.attacks.view import alignment_view
from uncloak.errors import InputError
from uncloak.seeds import generator


def plain_pgd(x, networks, seed, *, epsilon, steps, step_size, random_start=True, target=None, see=lambda y: y):
    """PGD of one picture [3,H,W], step by step (Madry et al. 2018, section 2.1)."""

    def unit(network, face):
        u = network(face[None])[0]
        return u / torch.sqrt((u * u).sum())

    references = [unit(network, see(x) if target is None else target) for network in networks]
    start = generator(seed, "noise").uniform(-epsilon, epsilon, tuple(x.shape)) if random_start else np.zeros(x.shape)
    y = (x + torch.from_numpy(start)).clamp(0, 1)
    for _ in range(steps):
        y = y.detach().requires_grad_()
        loss = sum(((unit(n, see(y)) - r) ** 2).sum() for n, r in zip(networks, references, strict=True)) / len(
            networks
        )
        slope = torch.autograd.grad(loss, y)[0].sign()
        y = y.detach() + step_size * (slope if target is None else -slope)
        y = torch.minimum(torch.maximum(y, x - epsilon), x + epsilon).clamp(0, 1)
    return y.detach()


@pytest.mark.parametrize(
    ("given", "targeted"),
    [
        ({}, False),
        ({}, True),
        ({"random_start": False}, True),
        ({"epsilon": 0.1, "step_size": 0.003, "steps": 60}, False),
    ],
)
def test_pgd_agrees_with_its_definition(given, targeted):
    a, b = (small_network(seed).double() for seed in (1, 2))
    faces, targets, seeds = floats(smooth_faces(2)), floats(smooth_faces(2, seed=5)), [3, 4]
    actual = pgd.attack(faces, [a, b, a], pgd.Options(**given), seeds, targets=targets if targeted else None)
    settings = {"epsilon": 16 / 255, "steps": 50, "step_size": 2.5 * 16 / 255 / 50} | given
    for row, (x, target, seed) in enumerate(zip(faces, targets, seeds, strict=True)):
        expected = plain_pgd(x, [a, b, a], seed, target=target if targeted else None, **settings)
        torch.testing.assert_close(actual[row], expected, atol=1e-12, rtol=0)
    assert (actual - faces).abs().max() == pytest.approx(settings["epsilon"], abs=1e-12)


def test_pgd_on_photographs_agrees_with_its_definition():
    network, x = small_network(1).double(), floats(smooth_faces(1, 52))[0, :, :40]
    matrix = np.array([[0.8, 0.1, -1.0], [-0.1, 0.8, -5.0]])
    view = alignment_view(matrix[None], 40, 52, SIZE, "original")
    actual = pgd.attack(x[None], [network], pgd.Options(epsilon=0.05), [9], view=view)
    assert actual.shape == (1, 3, 40, 52)
    expected = plain_pgd(
        x, [network], 9, epsilon=0.05, steps=50, step_size=0.0025, see=lambda y: plain_original_warp(y, matrix, SIZE)
    )
    torch.testing.assert_close(actual[0], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("epsilon", "apart", "together"), [(4 / 255, 0.95, 0.0), (16 / 255, -0.9, 0.95)])
def test_pgd_moves_the_embedding_within_its_bounds(epsilon, apart, together):
    faces, targets = (floats(smooth_faces(4, seed=seed), torch.float32) for seed in (0, 5))
    network, options = random_projection(3), pgd.Options(epsilon=epsilon)
    away = pgd.attack(faces, [network], options, range(4))
    towards = pgd.attack(faces, [network], options, range(4), targets=targets)
    for result in (away, towards):
        assert (result - faces).abs().max() <= epsilon + 1e-6
        assert 0 <= result.min() <= result.max() <= 1
    assert (torch.cosine_similarity(network(away), network(faces)) < apart).all()
    assert (torch.cosine_similarity(network(towards), network(targets)) > together).all()


def test_surrogate_listed_twice_is_computed_once():
    calls, network = [], small_network(1)

    def surrogate(faces):
        calls.append(len(faces))
        return network(faces)

    pgd.attack(floats(smooth_faces(2), torch.float32), [surrogate, surrogate], pgd.Options(steps=5), [1, 2])
    assert calls == [2] * 6


def test_bits_do_not_depend_on_the_other_pictures():
    faces, arguments = floats(smooth_faces(3), torch.float32), ([small_network(1)], pgd.Options(steps=10))
    whole = pgd.attack(faces, *arguments, [1, 2, 3])
    assert torch.equal(pgd.attack(faces[[2, 0, 1]], *arguments, [3, 1, 2]), whole[[2, 0, 1]])
    assert torch.equal(pgd.attack(faces[[1, 1, 1]], *arguments, [2, 2, 2])[0], whole[1])


def test_broken_gradient_comes_back_as_nan():
    faces, network = floats(smooth_faces(3), torch.float32), small_network(1)
    sound = pgd.attack(faces, [network], pgd.Options(steps=3), [1, 2, 3])
    broken = poisoned(network, lambda gradient: gradient[1, 0, 0, 0].fill_(torch.inf))
    result = pgd.attack(faces, [broken], pgd.Options(steps=3), [1, 2, 3])
    assert result[1].isnan().all()
    assert torch.equal(result[[0, 2]], sound[[0, 2]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epsilon": 0.0}, "epsilon is 0.0; it must be above 0 and at most 1"),
        ({"epsilon": 16.0}, "epsilon is 16.0"),
        ({"steps": 0}, "steps is 0"),
        ({"step_size": math.nan}, "step_size is nan"),
    ],
)
def test_wrong_options_are_told(given, message):
    with pytest.raises(InputError, match=message):
        pgd.Options(**given)


def test_start_without_a_slope_is_told():
    with pytest.raises(InputError, match="without targets it needs random_start"):
        pgd.attack(torch.rand(1, 3, 24, 24), [small_network(1)], pgd.Options(random_start=False), [1])
