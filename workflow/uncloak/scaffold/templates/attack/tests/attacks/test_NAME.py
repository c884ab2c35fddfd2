"""NAME: its bound, what it does to embeddings, and that no picture depends on the others of its batch."""

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from uncloak.attacks.methods import NAME as method
from uncloak.errors import InputError


@pytest.fixture
def faces():
    return torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def surrogate():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Linear(768, 32)).requires_grad_(False)


def test_it_moves_embeddings_farther_than_noise_does_within_its_bound(faces, surrogate):
    options = method.Options(epsilon=0.02)
    perturbed = method.attack(faces, [surrogate], options, [1, 2, 3])
    assert perturbed.min() >= 0
    assert perturbed.max() <= 1
    assert (perturbed - faces).abs().max() <= 0.02 + 1e-6
    noisy = (faces + 0.02 * torch.randn(faces.shape, generator=torch.Generator().manual_seed(2)).sign()).clamp(0, 1)
    moved, by_noise = (
        (normalize(surrogate(pictures), dim=-1) - normalize(surrogate(faces), dim=-1)).norm(dim=-1)
        for pictures in (perturbed, noisy)
    )
    assert (moved > 3 * by_noise).all()


def test_a_picture_does_not_depend_on_its_batch(faces, surrogate):
    together = method.attack(faces, [surrogate], method.Options(), [1, 2, 3])
    alone = method.attack(faces[1:2], [surrogate], method.Options(), [2])
    torch.testing.assert_close(alone[0], together[1])


def test_a_broken_gradient_comes_back_as_nan(faces, surrogate):
    faces[1] = torch.nan
    perturbed = method.attack(faces, [surrogate], method.Options(), [1, 2, 3])
    assert perturbed.isnan().flatten(1).all(dim=1).tolist() == [False, True, False]


@pytest.mark.parametrize(("given", "message"), [({"epsilon": 8.0}, "epsilon is 8.0"), ({"steps": 0}, "steps is 0")])
def test_wrong_options_are_told(given, message):
    with pytest.raises(InputError, match=message):
        method.Options(**given)
