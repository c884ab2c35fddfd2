"""The attack on image classifiers, against its definition."""

import numpy as np
import pytest
import torch
from small_classifiers import linear, noise

from uncloak.attacks.methods.pgd import Options
from uncloak.errors import InputError
from uncloak.pictures.tensors import as_floats
from uncloak.seeds import derive_seed, generator
from uncloak.transfer.attack import attack, perturb


def plain_pgd(x, label, networks, seed, epsilon, steps, step_size, random_start):
    """PGD of one picture [3,H,W] in float64, step by step (Madry et al. 2018, section 2.1)."""
    start = generator(seed, "noise").uniform(-epsilon, epsilon, tuple(x.shape)) if random_start else np.zeros(x.shape)
    y = (x + torch.from_numpy(start)).clamp(0, 1)
    for _ in range(steps):
        y = y.detach().requires_grad_()
        loss = 0
        for network in networks:
            said = network(y[None])[0]
            loss = loss + torch.log(torch.exp(said).sum()) - said[label]
        slope = torch.autograd.grad(loss, y)[0]
        y = y.detach() + step_size * torch.sign(slope)
        y = torch.minimum(torch.maximum(y, x - epsilon), x + epsilon).clamp(0, 1)
    return y.detach()


@pytest.mark.parametrize("random_start", [True, False])
def test_the_attack_agrees_with_its_definition(random_start):
    networks = [linear(1), linear(2)]
    pictures = torch.from_numpy(np.random.default_rng(0).uniform(size=(3, 3, 8, 8)))
    labels, seeds = torch.tensor([0, 4, 2]), [5, 6, 7]
    options = Options(epsilon=0.05, steps=4, random_start=random_start)
    actual = attack(pictures, labels, networks, options, seeds)
    for row in range(3):
        expected = plain_pgd(pictures[row], labels[row], networks, seeds[row], 0.05, 4, 2.5 * 0.05 / 4, random_start)
        torch.testing.assert_close(actual[row], expected, atol=1e-12, rtol=0)


def test_posted_pictures_stay_in_the_ball_and_raise_the_loss_of_both():
    networks = [linear(1), linear(2)]
    pictures, labels = noise(12), np.arange(12) % 5
    names = np.array([f"picture {number}" for number in range(12)])
    options = Options(epsilon=16 / 255, steps=10)
    posted = perturb(pictures, labels, names, networks, options, 1, batch=5)
    assert posted.dtype == np.uint8
    assert np.abs(posted.astype(int) - pictures).max() == 16
    for network in networks:
        before, after = (
            torch.nn.functional.cross_entropy(network(as_floats(x, "cpu")), torch.from_numpy(labels))
            for x in (pictures, posted)
        )
        assert after > before + 0.5


def test_a_posted_picture_is_the_rounded_attack_and_depends_on_its_name_alone():
    networks = [linear(1)]
    pictures, labels = noise(6), np.arange(6) % 5
    names = np.array([f"picture {number}" for number in range(6)])
    options = Options(epsilon=7.4 / 255, steps=3)
    posted = perturb(pictures, labels, names, networks, options, 1)
    order = np.array([4, 1, 3])
    again = perturb(pictures[order], labels[order], names[order], networks, options, 1, batch=2)
    assert np.array_equal(again, posted[order])
    assert not np.array_equal(perturb(pictures, labels, names, networks, options, 2), posted)
    x = torch.from_numpy(pictures[2].astype(np.float32) / 255).permute(2, 0, 1)
    seed = derive_seed(1, "transfer", "picture 2")
    exact = attack(x[None], torch.tensor([2]), networks, options, [seed])[0].permute(1, 2, 0).numpy()
    assert np.array_equal(posted[2], np.rint(255 * exact).astype(np.uint8))


def test_an_attack_without_surrogates_or_gradient_is_refused():
    pictures, labels, options = torch.rand(1, 3, 8, 8), torch.tensor([0]), Options(steps=2)
    with pytest.raises(InputError, match="name at least one classifier"):
        attack(pictures, labels, [], options, [1])
    with pytest.raises(InputError, match="gradient is not finite"):
        attack(pictures, labels, [lambda x: linear(1)(x) * torch.inf], options, [1])
