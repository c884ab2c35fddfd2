"""ST-LPIPS from the package's weights, against the package's own class."""

import importlib
import sys
from types import ModuleType

import pytest
import torch
from reference_computations import floats, small_network, smooth_faces

from uncloak.ascent import uniform_noise
from uncloak.attacks.methods import lowkey
from uncloak.attacks.terms.stlpips import load_stlpips
from uncloak.errors import InputError
from uncloak.fetching import find
from uncloak.published_files import OURS


@pytest.fixture(scope="module")
def file():
    return find(OURS["stlpips"], "no folder")


@pytest.fixture(scope="module")
def package(file):
    """The package's LPIPS. It imports modules that it does not declare, and uses nothing of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, used in {"torchsummary": "summary", "IPython": "embed"}.items():
            undeclared = ModuleType(name)
            setattr(undeclared, used, None)
            patch.setitem(sys.modules, name, undeclared)
        module = importlib.import_module("stlpips_pytorch.stlpips")
    return module.LPIPS(net="alex", variant="shift_tolerant", verbose=False).requires_grad_(False)


@pytest.mark.parametrize("shape", [(64, 64), (112, 112), (45, 70)])
def test_distances_and_gradients_are_the_packages(file, package, shape):
    random = torch.Generator().manual_seed(sum(shape))
    clean = torch.rand(2, 3, *shape, generator=random)
    # One picture that differs everywhere, one that is cloaked.
    noise = torch.randn(3, *shape, generator=random)
    other = torch.stack([torch.rand(3, *shape, generator=random), clean[1] + 0.05 * noise])
    for precision, least in ((torch.float32, 1e-5), (torch.float64, 1e-10)):
        before, after = clean.to(precision), other.to(precision).requires_grad_()
        ours = load_stlpips(file)(before, after)
        theirs = package.to(precision)(before, after, normalize=True).flatten()
        assert theirs.min() > 1e-4
        torch.testing.assert_close(ours, theirs, atol=0, rtol=least)
        of_ours, of_theirs = (torch.autograd.grad(each.sum(), after)[0] for each in (ours, theirs))
        assert (of_ours - of_theirs).norm() < 10 * least * of_theirs.norm()
    assert load_stlpips(file)(clean, clean).abs().max() == 0


def test_lowkey_takes_st_lpips_as_its_perceptual_term(file, package):
    x = floats(smooth_faces(1, 32))
    # So heavy that the one step goes against the package's gradient alone.
    options = lowkey.Options(perceptual="stlpips", alexnet=str(file), perceptual_weight=1e9, steps=1)
    start = (x + uniform_noise(x, options.noise, [3])).requires_grad_()
    distance = package.double()(x, start, normalize=True).sum()
    (gradient,) = torch.autograd.grad(distance, start)
    expected = (start.detach() - options.step_size * gradient.sign()).clamp(0, 1)
    actual = lowkey.attack(x, [small_network(1).double()], options, [3])
    assert ((actual - expected).abs() < 1e-9).double().mean() > 0.999


def test_pictures_too_small_are_told(file):
    picture = torch.rand(1, 3, 21, 40)
    assert load_stlpips(file)(picture, picture.flip(-1)) > 0
    with pytest.raises(InputError, match="at least 21 pixels a side"):
        load_stlpips(file)(picture[..., :20, :], picture[..., :20, :])


def test_a_damaged_foreign_or_missing_file_is_told_in_one_line(file, tmp_path):
    damaged, foreign = tmp_path / "damaged.pth", tmp_path / "alex_shift_tolerant.pth"
    damaged.write_bytes(file.read_bytes()[:-1000])
    torch.save({"net.slice1.0.weight": torch.zeros(64, 3, 11, 11)}, foreign)
    for path in (damaged, foreign):
        with pytest.raises(InputError, match="does not begin with b356b382f960; install uncloak"):
            load_stlpips(path)
    with pytest.raises(InputError, match=r"no such file; install uncloak\[stlpips\]$"):
        load_stlpips(tmp_path / "nothing.pth")
