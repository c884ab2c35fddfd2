"""NAME: what it makes of faces, and that attacks can differentiate through it."""

import pytest
import torch

from uncloak.extractors.networks import NAME as network


@pytest.fixture
def faces():
    return torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_a_face_becomes_an_embedding_that_does_not_depend_on_the_others(faces):
    built = network.build(width=4, dimension=32).eval()
    with torch.no_grad():
        together, alone = built(faces), built(faces[2:3])
    assert together.shape == (4, 32)
    assert together.dtype == torch.float32
    torch.testing.assert_close(alone[0], together[2], atol=1e-5, rtol=1e-4)
    assert torch.pdist(together).min() > 0


def test_attacks_can_differentiate_through_it(faces):
    built = network.build(width=4).eval().requires_grad_(False)
    (gradient,) = torch.autograd.grad(built(faces.requires_grad_()).square().sum(), faces)
    assert gradient.isfinite().all()
    assert (gradient.flatten(1).abs().sum(dim=1) > 0).all()


def test_its_options_change_its_size():
    small, large = (sum(each.numel() for each in network.build(width).parameters()) for width in (4, 8))
    assert small < large
