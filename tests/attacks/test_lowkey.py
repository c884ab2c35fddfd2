"""LowKey against step-by-step references in float64, and LPIPS against the package of that name."""

import math

import numpy as np
import pytest
import torch
from reference_computations import (
    SIZE,
    floats,
    plain_original_warp,
    plain_ssim,
    poisoned,
    random_projection,
    small_network,
    smooth_faces,
)
from scipy.ndimage import correlate
from torch.nn.functional import conv2d, normalize, pad

from uncloak.attacks.methods import lowkey
from uncloak.attacks.terms.blur import Blur
from uncloak.attacks.terms.lpips import load_lpips
from uncloak.attacks.view import alignment_view
from uncloak.errors import InputError
from uncloak.seeds import generator

STEPS = 50
WEIGHT = 0.05  # at which DSSIM counts beside embeddings of few numbers


def options(**given) -> lowkey.Options:
    """Options with DSSIM, at a weight that lets it count."""
    return lowkey.Options(**{"steps": STEPS, "perceptual": "dssim", "perceptual_weight": WEIGHT} | given)


def plain_dssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (1 - plain_ssim(x * 255, y * 255)) / 2


def plain_blur(x: torch.Tensor) -> torch.Tensor:
    """The blur of one picture [3,H,W] (attacks.md 4.5)."""
    offsets = torch.arange(-3.0, 4.0, dtype=torch.float64)
    kernel = torch.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 3.0**2))
    return conv2d(pad(x[None], (3, 3, 3, 3), mode="reflect"), (kernel / kernel.sum()).expand(3, 1, 7, 7), groups=3)[0]


def plain_unit(network, x: torch.Tensor, flip: bool = True) -> torch.Tensor:
    """f_i of one face [3,S,S] (attacks.md 4.2)."""
    u = network(x[None]) + network(x.flip(2)[None]) if flip else network(x[None])
    return (u / u.norm())[0]


def plain_lowkey(
    x, networks, seed, weight=WEIGHT, *, steps=STEPS, smoothing=True, flip=True, epsilon=None, distance=plain_dssim,
    target=None, warp=None, scale_by_dimension=True,
):  # fmt: skip
    """LowKey of one picture [3,H,W], step by step (attacks.md 4.3 and 4.4)."""
    see = warp or (lambda photograph: photograph)
    references = [plain_unit(network, see(x) if target is None else target, flip) for network in networks]
    y = x + torch.from_numpy(generator(seed, "noise").uniform(-0.005, 0.005, tuple(x.shape)))
    for _ in range(steps):
        y = y.detach().requires_grad_()
        branches = []
        for network, r in zip(networks, references, strict=True):
            for picture in (plain_blur(y), y) if smoothing else (y,):
                squared = (plain_unit(network, see(picture), flip) - r) ** 2
                branches.append(squared.sum() / 512 if scale_by_dimension else squared.mean())
        feature = sum(branches) / len(branches)
        perceptual = distance(x, y)
        if warp is not None:
            perceptual = (distance(warp(x), warp(y)) + perceptual) / 2
        objective = (feature if target is None else -feature) - weight * perceptual
        y = y.detach() + 0.0025 * torch.autograd.grad(objective, y)[0].sign()
        if epsilon is not None:
            y = torch.minimum(torch.maximum(y, x - epsilon), x + epsilon)
    return y.detach().clamp(0, 1)


# --- The whole loop -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variant",
    [
        {},
        {"smoothing": False},
        {"flip": False},
        {"epsilon": 0.02},
        {"scale_by_dimension": False},
        {"smoothing": False, "flip": False, "epsilon": 0.05},
    ],
)
def test_lowkey_agrees_with_its_definition(variant):
    networks = [small_network(1).double(), small_network(2, dimensions=20).double()]
    faces, seeds = floats(smooth_faces(2)), [11, 12]
    expected = [plain_lowkey(x, networks, seed, **variant) for x, seed in zip(faces, seeds, strict=True)]
    actual = lowkey.attack(faces, networks, options(**variant), seeds)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-12, rtol=0)
    if "epsilon" in variant:
        assert (actual - faces).abs().max() == pytest.approx(variant["epsilon"], abs=1e-12)


def test_embeddings_count_as_if_they_had_the_published_length():
    network, faces = small_network(1).double(), floats(smooth_faces(2))

    def longer(faces):
        return torch.nn.functional.pad(network(faces), (0, 512 - network(faces).shape[1]))

    short, long, unscaled = (
        lowkey.attack(faces, [each], options(steps=20, scale_by_dimension=scaled), [11, 12])
        for each, scaled in ((network, True), (longer, True), (network, False))
    )
    assert (short == long).all()
    assert (short != unscaled).float().mean() > 0.1


def test_targeted_lowkey_agrees_with_its_definition_and_approaches_its_target():
    networks = [small_network(1).double(), small_network(2).double()]
    faces, targets, seeds = floats(smooth_faces(2)), floats(smooth_faces(2, seed=5)), [11, 12]
    expected = [
        plain_lowkey(x, networks, seed, target=target) for x, target, seed in zip(faces, targets, seeds, strict=True)
    ]
    actual = lowkey.attack(faces, networks, options(), seeds, targets=targets)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-12, rtol=0)
    for x, y, target in zip(faces, actual, targets, strict=True):
        for network in networks:
            before, after = ((plain_unit(network, z) - plain_unit(network, target)).norm() for z in (x, y))
            assert after < before


def test_two_of_four_are_the_last_of_each_architecture():
    a, b = (small_network(seed).double() for seed in (1, 2))
    c, d = (small_network(seed, dimensions=12).double() for seed in (3, 4))
    x, other = floats(smooth_faces(2))

    class Wrapped:
        """What is no module tells its architecture itself."""

        def __init__(self, network, architecture):
            self.network, self.architecture = network, architecture

        def __call__(self, faces):
            return self.network(faces)

    def run(surrogates, ensemble):
        return lowkey.attack(torch.stack([x, other]), surrogates, options(ensemble=ensemble), [1, 2])[0]

    two, four = plain_lowkey(x, [b, b, d, d], 1), plain_lowkey(x, [a, b, c, d], 1)
    assert (two != four).float().mean() > 0.3
    torch.testing.assert_close(run([a, b, c, d], "four"), four, atol=1e-12, rtol=0)
    torch.testing.assert_close(run([a, b, c, d], "two"), two, atol=1e-12, rtol=0)
    wrapped = [Wrapped(a, "ir"), Wrapped(b, "ir"), Wrapped(c, "res"), Wrapped(d, "res")]
    torch.testing.assert_close(run(wrapped, "two"), two, atol=1e-12, rtol=0)
    # A plain function is like no other.
    functions = [lambda faces, network=network: network(faces) for network in (a, b, c, d)]
    torch.testing.assert_close(run(functions, "two"), four, atol=1e-12, rtol=0)


def test_surrogate_listed_twice_counts_twice_and_is_computed_once():
    networks = [small_network(seed).double() for seed in (1, 2)]
    faces, calls = floats(smooth_faces(1)), []

    def often(pictures):
        calls.append(len(pictures))
        return networks[0](pictures)

    twice = lowkey.attack(faces, [often, networks[1], often], options(), [7])
    torch.testing.assert_close(
        twice[0], plain_lowkey(faces[0], [networks[0], networks[1], networks[0]], 7), atol=1e-12, rtol=0
    )
    # The clean picture and its mirror picture once; then two branches of both.
    assert sum(calls) == 2 + 4 * STEPS


def matrices() -> np.ndarray:
    """Similarities from photographs of 52 x 40 pixels to their crops of 24 x 24."""
    turn = 0.7 * np.exp(0.3j)
    return np.array(
        [[[turn.real, -turn.imag, -2.0], [turn.imag, turn.real, -9.0]], [[1.2, 0.1, -15.0], [-0.1, 1.2, -11.0]]]
    )


def photographs() -> torch.Tensor:
    return floats(smooth_faces(2, 52))[..., :40]


def test_lowkey_on_photographs_agrees_with_its_definition():
    networks, seeds = [small_network(1).double(), small_network(2).double()], [11, 12]
    view = alignment_view(matrices(), 52, 40, SIZE, "original")
    actual = lowkey.attack(photographs(), networks, options(), seeds, view=view)
    assert actual.shape == (2, 3, 52, 40)
    for x, y, matrix, seed in zip(photographs(), actual, matrices(), seeds, strict=True):
        expected = plain_lowkey(x, networks, seed, warp=lambda z, matrix=matrix: plain_original_warp(z, matrix, SIZE))
        torch.testing.assert_close(y, expected, atol=1e-12, rtol=0)


# --- What it does ---------------------------------------------------------------------------------------------------


def test_lowkey_moves_far_without_a_bound_but_its_path():
    faces = floats(smooth_faces(4), torch.float32)
    # 16 dimensions here, 512 in the paper. A linear network lets the embedding turn as far as trained ones do.
    network, seeds = random_projection(3), [1, 2, 3, 4]

    def feature(other):
        """F of attacks.md 4.4 without the blurred branch, one number per picture."""
        units = [normalize(network(each) + network(each.flip(3)), dim=1) for each in (faces, other)]
        return (units[1] - units[0]).square().mean(dim=1)

    for smoothing in (True, False):
        given = {"perceptual": "dssim", "smoothing": smoothing}
        result = lowkey.attack(faces, [network], lowkey.Options(**given), seeds)
        change = (result - faces).abs()
        assert change.max() <= 0.13 + 1e-6
        assert (change > 0.05).float().mean() > 0.3
        assert 0 <= result.min() <= result.max() <= 1
        assert feature(lowkey.attack(faces, [network], lowkey.Options(steps=1, **given), seeds)).max() < 0.02 / 16
        assert feature(result).min() > 2 / 16
        assert feature(result).max() <= 4 / 16
        # The same change of another picture does nothing of the kind.
        elsewhere = faces + change * (result - faces).sign().flip(0)
        assert (feature(result) > 2 * feature(elsewhere)).all()


def test_more_steps_move_further_and_a_greater_weight_less():
    faces, network = floats(smooth_faces(3), torch.float32), small_network(3)

    def change(**given):
        result = lowkey.attack(faces, [network], options(**given), [1, 2, 3])
        return (result - faces).abs().mean(dim=(1, 2, 3))

    ten, thirty, fifty = (change(steps=steps) for steps in (10, 30, 50))
    assert (ten < thirty).all()
    assert (thirty < fifty).all()
    assert (change(steps=50, perceptual_weight=30.0) < fifty).all()


def test_references_are_unit_vectors_of_the_clean_unblurred_picture():
    seen, network = [], small_network(1)

    def surrogate(faces):
        seen.append(faces.detach().clone())
        return network(faces)

    faces = floats(smooth_faces(3), torch.float32)
    for smoothing in (True, False):
        seen.clear()
        lowkey.attack(faces, [surrogate], options(steps=1, smoothing=smoothing), [1, 2, 3])
        assert torch.equal(torch.cat(seen)[:6], torch.cat([faces, faces.flip(3)]))
    units = lowkey._units(network, faces, flip=True)
    torch.testing.assert_close(units.norm(dim=1), torch.ones(3), atol=1e-6, rtol=0)


@pytest.mark.parametrize("shape", [(24, 24), (9, 50), (33, 4), (16, 17)])
def test_blur_agrees_with_scipy(shape):
    pictures = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = [[math.exp(-(i * i + j * j) / (2 * 3**2)) for j in range(-3, 4)] for i in range(-3, 4)]
    kernel = np.array(weights) / np.sum(weights)
    # SciPy calls it mirror when the edge pixel is not repeated.
    expected = correlate(pictures.numpy(), kernel[None, None], mode="mirror")
    blur = Blur(pictures)
    np.testing.assert_allclose(blur(pictures).numpy(), expected, atol=1e-12)
    if shape != (24, 24):
        assert torch.autograd.gradcheck(blur, pictures[:1, :1].requires_grad_())


def test_single_steps_agree_across_batch_sizes():
    network = small_network(1)
    faces = floats(smooth_faces(8), torch.float32)
    state = lowkey.attack(faces, [network], options(steps=20), range(8))
    # Without noise the step starts at this state; its target keeps the slope away from zero.
    arguments = ([network], options(steps=1, noise=0.0))
    whole = lowkey.attack(state, *arguments, range(8), targets=faces)
    for size in (1, 3):
        parts = [
            lowkey.attack(part, *arguments, [0] * len(part), targets=target)
            for part, target in zip(state.split(size), faces.split(size), strict=True)
        ]
        agree = (torch.cat(parts) - whole).abs() <= 1e-6
        assert agree.float().mean() > 0.9999


def test_bits_do_not_depend_on_the_other_pictures():
    network, view = small_network(1), alignment_view(matrices(), 52, 40, SIZE)
    pictures = photographs().float()
    whole = lowkey.attack(pictures, [network], options(steps=8), [1, 2], view=view)
    again = lowkey.attack(pictures, [network], options(steps=8), [1, 2], view=view)
    turned = alignment_view(matrices()[::-1], 52, 40, SIZE)
    swapped = lowkey.attack(pictures.flip(0), [network], options(steps=8), [2, 1], view=turned)
    assert torch.equal(whole, again)
    assert torch.equal(whole, swapped.flip(0))


@pytest.mark.parametrize("late", [0, 4])
def test_broken_gradient_comes_back_as_nan(late):
    calls, network = [], small_network(1)

    def spoil(gradient):
        calls.append(0)
        if len(calls) == late + 1:
            gradient[1, 0, 0, 0] = torch.nan

    faces = floats(smooth_faces(3), torch.float32)
    sound = lowkey.attack(faces, [network], options(steps=6), [1, 2, 3])
    result = lowkey.attack(faces, [poisoned(network, spoil)], options(steps=6), [1, 2, 3])
    assert result[1].isnan().all()
    assert torch.equal(result[[0, 2]], sound[[0, 2]])


def test_progress_counts_the_steps():
    seen = []

    def track(steps):
        for step in steps:
            seen.append(step)
            yield step

    lowkey.attack(floats(smooth_faces(1)), [small_network(1).double()], options(steps=4), [1], track=track)
    assert seen == [0, 1, 2, 3]


def test_defaults_are_the_published_ones():
    published = lowkey.Options(alexnet="file")
    assert (published.steps, published.step_size, published.noise) == (50, 0.0025, 0.005)
    assert (published.smoothing, published.flip, published.ensemble, published.epsilon) == (True, True, "four", None)
    assert (published.perceptual, published.perceptual_weight) == ("lpips", 0.05)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"step_size": 0.0}, "step_size is 0.0"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"ensemble": "three"}, "ensemble is 'three'; choose from four, two"),
        ({"epsilon": 0.0}, "epsilon is 0.0"),
        ({"epsilon": math.nan}, "epsilon is nan"),
        ({"perceptual_weight": math.inf}, "perceptual_weight is inf"),
        ({"perceptual": "l2"}, "choose from lpips, stlpips, dssim"),
        ({"perceptual": "lpips"}, "needs 'alexnet'"),
    ],
)
def test_wrong_options_are_told(given, message):
    with pytest.raises(InputError, match=message):
        options(**given)


@pytest.mark.parametrize(
    ("shape", "view", "message"),
    [
        ((10, 24), None, "11x11"),
        ((3, 24), None, "more than 3 pixels a side"),
        ((24, 24), alignment_view(np.eye(2, 3)[None], 24, 24, 10), "11x11"),
    ],
)
def test_pictures_too_small_are_told(shape, view, message):
    with pytest.raises(InputError, match=message):
        lowkey.attack(torch.rand(1, 3, *shape), [small_network(1)], options(), [1], view=view)


# --- LPIPS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory):
    """AlexNet with random weights: its file, and the package's LPIPS of them."""
    import lpips
    import torchvision

    torch.manual_seed(0)
    network = torchvision.models.alexnet(weights=None).eval()
    path = tmp_path_factory.mktemp("alexnet") / "alexnet.pth"
    torch.save({name: value for name, value in network.state_dict().items() if name.startswith("features")}, path)
    package = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval().requires_grad_(False)
    for part in (package.net.slice1, package.net.slice2, package.net.slice3, package.net.slice4, package.net.slice5):
        for number, layer in part.named_children():
            layer.load_state_dict(network.features[int(number)].state_dict())
    return path, package


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torchvision")


def test_lpips_agrees_with_the_package_on_the_same_weights(alexnet):
    path, package = alexnet
    package.float()
    clean, other = (floats(smooth_faces(2, 64, seed), torch.float32) for seed in (0, 1))
    other.requires_grad_()
    ours, theirs = load_lpips(path)(clean, other), package(2 * clean - 1, 2 * other - 1).flatten()
    assert theirs.min() > 0
    torch.testing.assert_close(ours, theirs, atol=1e-8, rtol=1e-5)
    gradients = [torch.autograd.grad(each.sum(), other)[0] for each in (ours, theirs)]
    assert (gradients[0].sign() == gradients[1].sign()).float().mean() > 0.999
    with pytest.raises(InputError, match="31 pixels"):
        load_lpips(path)(clean[..., :30, :30], other[..., :30, :30])


@pytest.mark.parametrize("whole", [False, True])
def test_lowkey_with_lpips_agrees_with_its_definition(alexnet, whole):
    path, package = alexnet
    package.double()

    def distance(x, y):
        return package(2 * x[None] - 1, 2 * y[None] - 1).mean()

    matrix, network = np.array([[0.8, 0.1, -1.0], [-0.1, 0.8, 2.0]]), small_network(1).double()
    x = floats(smooth_faces(1, 40))[0, :, :36] if whole else floats(smooth_faces(1, 32))[0]
    view = alignment_view(matrix[None], 36, 40, 32, "original") if whole else None
    # Random AlexNet features differ by little: the weight makes up for that.
    given = lowkey.Options(alexnet=str(path), perceptual_weight=3e3)
    actual = lowkey.attack(x[None], [network], given, [3], view=view)[0]
    warp = (lambda y: plain_original_warp(y, matrix, 32)) if whole else None
    expected = plain_lowkey(x, [network], 3, 3e3, steps=50, distance=distance, warp=warp)
    torch.testing.assert_close(actual, expected, atol=1e-12, rtol=0)
    without = lowkey.attack(x[None], [network], options(steps=50, perceptual_weight=0.0), [3], view=view)[0]
    assert (actual != without).double().mean() > 0.3


def test_missing_or_damaged_alexnet_is_told(tmp_path):
    with pytest.raises(InputError, match=r"no such file.*download\.pytorch\.org"):
        load_lpips(tmp_path / "none.pth")
    damaged, other = tmp_path / "damaged.pth", tmp_path / "other.pth"
    damaged.write_bytes(b"PK\x03\x04 cut short")
    torch.save({"weight": torch.zeros(1)}, other)
    renamed = tmp_path / "alexnet-owt-7be5be79.pth"
    renamed.write_bytes(other.read_bytes())
    with pytest.raises(InputError, match="damaged"):
        load_lpips(damaged)
    with pytest.raises(InputError, match="SHA-256 does not begin with 7be5be79"):
        load_lpips(renamed)
    with pytest.raises(InputError, match="does not hold AlexNet"):
        load_lpips(other)
