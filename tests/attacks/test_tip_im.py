"""TIP-IM against a plain reference in float64: the target that brings most, step by step, and its naturalness term."""

import math

import numpy as np
import pytest
import torch
from reference_computations import floats, small_network, smooth_faces
from torch.nn.functional import normalize

from uncloak.attacks.methods import tip_im
from uncloak.attacks.perturb import perturb
from uncloak.errors import InputError

VARIANCES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 5, 10, 15, 20, 25, 30, 35, 100, 1e3, 1e4, 1e5, 1e6]


def plain_discrepancy(x, z):
    """k(x, x) + k(z, z) - 2 k(x, z) of two pictures in grey levels."""
    away = ((255 * (x - z)) ** 2).sum()
    return sum(1 + 1 - 2 * torch.exp(-away / (2 * variance)) for variance in VARIANCES)


def plain_tip_im(x, targets, networks, *, epsilon, steps, gain="largest", naturalness=0.0, norm="l2", momentum=1.0):
    """TIP-IM of one picture [3,S,S] (attacks.md 9.2): the result, and which target each step took."""
    unit = [lambda y, f=f: normalize(f(y[None]), dim=1)[0] for f in networks]
    clean = [f(x).detach() for f in unit]
    aims = [[f(t).detach() for f in unit] for t in targets]
    y, kept, taken = x, torch.zeros_like(x), []
    for _ in range(steps):
        tried = []
        for aim in aims:
            y = y.detach().requires_grad_()
            loss = sum(
                ((f(y) - a) ** 2).mean() - ((f(y) - c) ** 2).mean() for f, a, c in zip(unit, aim, clean, strict=True)
            )
            (g,) = torch.autograd.grad(loss + naturalness * plain_discrepancy(x, y), y)
            g = momentum * kept + g / g.abs().mean()
            step = g.sign() if norm == "linf" else g / g.norm() * math.sqrt(g.numel())
            z = (y.detach() - 1.5 * epsilon / steps * step).clip(x - epsilon, x + epsilon).clip(0, 1)
            farther = [
                np.mean(
                    [((f(z) - c).norm() - (f(z) - t).norm()).item() for f, c, t in zip(unit, clean, a, strict=True)]
                )
                for a in aims
            ]
            value = {"sum": sum, "least": min, "largest": max}[gain]([math.exp(each) for each in farther])
            tried.append((math.log(1 + value), z, g))
        best = max(range(len(tried)), key=lambda k: tried[k][0])
        _, y, kept = tried[best]
        taken.append(best)
    return y, taken


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"gain": "sum", "norm": "linf"},
        {"gain": "least", "momentum": 0.5},
        {"naturalness": 0.02, "epsilon": 0.2},
    ],
)
def test_agrees_with_its_definition(given):
    networks = [small_network(seed).double() for seed in (1, 2)]
    faces, targets = floats(smooth_faces(5)), floats(smooth_faces(5, seed=5))
    targets[3] = targets[0]  # which is offered once
    offered = [targets[row] for row in (0, 1, 2, 4)]
    options = {"epsilon": 0.1, "steps": 6, **given}
    runs = [plain_tip_im(x, offered[:3], networks, **options) for x in faces]
    actual = tip_im.attack(faces, networks, tip_im.Options(targets=3, **options), [0] * 5, targets=targets)
    torch.testing.assert_close(actual, torch.stack([run[0] for run in runs]), atol=1e-9, rtol=0)
    print("targets taken:", [run[1] for run in runs])
    if not given:
        assert len({target for run in runs for target in run[1]}) > 1


def test_pictures_of_a_large_gallery_go_in_parts(monkeypatch):
    network, faces, targets = small_network(1).double(), floats(smooth_faces(5)), floats(smooth_faces(5, seed=5))
    options, rounds = tip_im.Options(steps=3), []
    whole = tip_im.attack(faces, [network], options, [0] * 5, targets=targets)
    monkeypatch.setattr(tip_im, "default_batch", lambda side, device: 2)
    given = {"targets": targets, "track": lambda steps: (rounds.append(step) or step for step in steps)}
    torch.testing.assert_close(tip_im.attack(faces, [network], options, [0] * 5, **given), whole, atol=1e-9, rtol=0)
    assert rounds == list(range(9))


def test_the_naturalness_term_is_the_discrepancy_and_holds_pictures_near():
    faces = floats(smooth_faces(2))
    moved = (faces + 0.03 * torch.randn(faces.shape, generator=torch.Generator().manual_seed(0))).clip(0, 1)
    expected = [plain_discrepancy(x, z) for x, z in zip(faces, moved, strict=True)]
    torch.testing.assert_close(tip_im.discrepancy(moved, faces), torch.stack(expected))
    network, targets = small_network(1).double(), floats(smooth_faces(2, seed=5))
    away = []
    for naturalness in (0.0, 1.0):
        options = tip_im.Options(steps=10, epsilon=0.1, naturalness=naturalness)
        result = tip_im.attack(faces, [network], options, [0, 0], targets=targets)
        away.append((result - faces).square().mean().item())
    assert away[1] < 0.8 * away[0]


def test_pictures_move_to_a_target_within_their_bound():
    network = small_network(3)
    faces, targets = (floats(smooth_faces(6, 24, seed), torch.float32) for seed in (0, 5))
    result = tip_im.attack(faces, [network], tip_im.Options(steps=20), [0] * 6, targets=targets)
    assert (result - faces).abs().max() <= 12 / 255 + 1e-6
    own, clean, aims = (normalize(network(each), dim=1) for each in (result, faces, targets))
    assert (torch.cdist(own, aims).amin(dim=1) < torch.cdist(clean, aims).amin(dim=1)).all()
    assert ((own - clean).norm(dim=1) > 0.1).all()


def test_a_user_s_pictures_share_the_targets_of_that_user_alone():
    faces, targets = smooth_faces(8), smooth_faces(8, seed=5)
    names = [f"{who}/{k}" for k in range(4) for who in ("ann", "bob")]

    def run(rows, aims=targets):
        given = {"steps": 4, "epsilon": 0.1}
        return perturb(
            faces[rows], [names[row] for row in rows], "tip_im", given, [small_network(4)], 3, targets=aims[rows]
        )

    whole = run(np.arange(8))
    order = np.random.default_rng(1).permutation(8)
    np.testing.assert_array_equal(run(order), whole[order])
    np.testing.assert_array_equal(run(np.arange(0, 8, 2)), whole[::2])
    # Which targets bob's pictures have means nothing to ann's; one of ann's may change another.
    of_bob, of_ann = targets.copy(), targets.copy()
    of_bob[1::2] = smooth_faces(4, seed=9)
    of_ann[2::2] = smooth_faces(3, seed=9)
    np.testing.assert_array_equal(run(np.arange(8), of_bob)[::2], whole[::2])
    assert (run(np.arange(8), of_ann)[0] != whole[0]).any()


def test_a_broken_gradient_comes_back_as_nan():
    network = small_network(4)

    def useless(faces):
        return network(faces) / (faces.flatten(1).mean(dim=1, keepdim=True) > 0.2)

    faces, targets = (floats(smooth_faces(3, seed=seed), torch.float32) for seed in (0, 5))
    faces[1] = 0.1
    result = tip_im.attack(faces, [useless], tip_im.Options(steps=3), [0] * 3, targets=targets)
    assert result[1].isnan().all()
    assert result[[0, 2]].isfinite().all()


def test_targets_are_needed():
    with pytest.raises(InputError, match="tip_im: needs targets; say in its record to whom"):
        tip_im.attack(floats(smooth_faces(2)), [small_network(1)], tip_im.Options(), [0, 0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"targets": 0}, "tip_im: targets is 0; it must be at least 1"),
        ({"steps": 0}, "tip_im: steps is 0; it must be at least 1"),
        ({"epsilon": 1.5}, "tip_im: epsilon is 1.5; it must be above 0 and at most 1"),
        ({"naturalness": -1.0}, "tip_im: naturalness is -1.0; it must be 0 or more"),
        ({"momentum": math.inf}, "tip_im: momentum is inf; it must be 0 or more"),
    ],
)
def test_wrong_options_are_told(given, message):
    with pytest.raises(InputError, match=message):
        tip_im.Options(**given)
