"""Attacks, measures of change and mixtures against plain references in float64."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import nn
from torch.nn.functional import conv2d, normalize, pad

from uncloak.attacks import fawkes_v03, fawkes_v10, lowkey, mixture, quality
from uncloak.attacks.adadelta import Adadelta, decode, encode
from uncloak.attacks.dssim import Dssim, dssim
from uncloak.attacks.lpips import load_lpips
from uncloak.attacks.perturb import perturb, read_options
from uncloak.errors import InputError
from uncloak.seeds import derive_seed, generator

SIZE = 24
SMALL_RUNS = {
    "lowkey": {"steps": 6, "perceptual": "dssim", "perceptual_weight": 10.0},
    "fawkes_v10": {"steps": 8},
    "fawkes_v03": {"steps": 8, "mode": "low"},
}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def smooth_faces(count: int, size: int = SIZE, seed: int = 0) -> np.ndarray:
    """Random pictures uint8 [N,S,S,3] with large and small structure, some values at 0 and 255."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(-60, 315, (count, size // 4, size // 4, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(coarse + random.normal(0, 12, coarse.shape), 0, 255).astype(np.uint8)


def floats(faces: np.ndarray, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.from_numpy(faces).permute(0, 3, 1, 2).to(dtype) / 255


def small_network(seed: int, gain: float = 3.0, dimensions: int = 16) -> nn.Module:
    """A tanh network on any square pictures."""
    random = torch.Generator().manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2), nn.Tanh(), nn.Conv2d(8, 8, 3, stride=2), nn.Tanh(), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(32, dimensions),
    )  # fmt: skip
    with torch.no_grad():
        for parameter in network.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.copy_(torch.randn(parameter.shape, generator=random) * gain / math.sqrt(fan_in))
    return network.eval().requires_grad_(False)


def plain_ssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """SSIM of one picture [3,S,S] in [0,255], from the definition."""
    offsets = torch.arange(-5.0, 6.0, dtype=torch.float64)
    exponent = -(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2)
    window = (torch.exp(exponent) / torch.exp(exponent).sum())[None, None]

    def mean(plane):
        return conv2d(plane[:, None], window)[:, 0]

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mean(x) * mean(y) + c1) / (mean(x) ** 2 + mean(y) ** 2 + c1)
    variance_x, variance_y = mean(x * x) - mean(x) ** 2, mean(y * y) - mean(y) ** 2
    structure = (2 * (mean(x * y) - mean(x) * mean(y)) + c2) / (variance_x + variance_y + c2)
    return (luminance * structure).mean(dim=(1, 2)).mean()


def plain_adadelta(state: dict, gradient: torch.Tensor, eps: float, rho: float = 0.95) -> torch.Tensor:
    state["a"] = rho * state.get("a", 0) + (1 - rho) * gradient**2
    b = state.get("b", torch.zeros_like(gradient))
    update = gradient * torch.sqrt(b + eps) / torch.sqrt(state["a"] + eps)
    state["b"] = rho * b + (1 - rho) * update**2
    return update


def plain_decode(encoded: torch.Tensor) -> torch.Tensor:
    return 255 * (torch.tanh(encoded) / (2 - 1e-6) + 0.5)


def plain_encode(grey: torch.Tensor) -> torch.Tensor:
    return torch.arctanh((grey / 255 - 0.5) * (2 - 1e-6))


# --- Measures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(64, 64), (112, 112), (11, 30)])
def test_dssim_agrees_with_scikit_image(shape):
    random = np.random.default_rng(1)
    clean = random.integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    other = np.clip(clean + random.normal(0, 25, clean.shape), 0, 255).astype(np.uint8)

    def reference(x, y):
        # Truncation at 3.5 sigma makes scikit-image's window 11x11; 5 pixels are cut off to keep valid positions.
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
        full = structural_similarity(x.astype(float), y.astype(float), channel_axis=2, full=True, **options)[1]
        return (1 - full[5:-5, 5:-5].mean()) / 2

    expected = [reference(x, y) for x, y in zip(clean, other, strict=True)]
    np.testing.assert_allclose(quality.dssim(clean, other), expected, atol=1e-12)
    np.testing.assert_allclose(dssim(floats(clean), floats(other)).numpy(), expected, atol=1e-12)
    single = dssim(floats(clean, torch.float32), floats(other, torch.float32))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), expected, atol=1e-5)
    assert expected[0] > 0.01


def test_dssim_gradient_agrees_with_the_definition():
    clean, other = floats(smooth_faces(2)), floats(smooth_faces(2, seed=1)).requires_grad_()
    (gradient,) = torch.autograd.grad(Dssim(clean)(other).sum(), other)
    plain = sum((1 - plain_ssim(x * 255, y * 255)) / 2 for x, y in zip(clean, other, strict=True))
    torch.testing.assert_close(gradient, torch.autograd.grad(plain, other)[0], atol=1e-12, rtol=1e-9)


def test_dssim_needs_a_whole_window():
    with pytest.raises(InputError, match="11x11"):
        dssim(torch.zeros(1, 3, 10, 64), torch.zeros(1, 3, 10, 64))
    with pytest.raises(InputError, match="11x11"):
        quality.dssim(np.zeros((1, 10, 64, 3), np.uint8), np.zeros((1, 10, 64, 3), np.uint8))


def test_change_in_grey_levels_does_not_wrap_around():
    clean = np.zeros((2, 12, 12, 3), np.uint8)
    other = clean.copy()
    other[0, 0, 0, 0], other[1] = 255, 3
    assert quality.linf(clean, other).tolist() == quality.linf(other, clean).tolist() == [255, 3]
    np.testing.assert_allclose(quality.rms(other, clean), [255 / math.sqrt(12 * 12 * 3), 3])
    assert quality.dssim(clean, clean).tolist() == [0, 0]
    with pytest.raises(InputError, match="uint8"):
        quality.rms(clean, other.astype(np.float32))


def test_measures_and_mixtures_do_without_torch():
    code = "import sys; from uncloak.attacks import mixture, quality; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- Adadelta and tanh space ----------------------------------------------------------------------------------------


def test_adadelta_agrees_with_its_formulas_and_with_torch():
    random = torch.Generator().manual_seed(0)
    ours = torch.randn(5, 7, generator=random, dtype=torch.float64)
    torchs = nn.Parameter(ours.clone())
    formulas, state = ours.clone(), {}
    optimizer = Adadelta(ours, rho=0.95, eps=1e-7, lr=15)
    reference = torch.optim.Adadelta([torchs], lr=15, rho=0.95, eps=1e-7)
    for scale in (1e-6, 1.0, 1e3, 0.0, 1.0):
        torchs.grad = scale * torch.randn(5, 7, generator=random, dtype=torch.float64)
        formulas = formulas - 15 * plain_adadelta(state, torchs.grad, 1e-7)
        optimizer.step(ours, torchs.grad)
        reference.step()
        torch.testing.assert_close(ours, formulas, atol=1e-13, rtol=1e-12)
        torch.testing.assert_close(ours, torchs.detach(), atol=1e-13, rtol=1e-12)


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
    levels = torch.arange(256, dtype=torch.float32) / 255
    assert (255 * (decode(encode(levels)) - levels)).abs().max() < 2e-5
    assert encode(levels).isfinite().all()


# --- Whole loops against step-by-step references --------------------------------------------------------------------


def test_lowkey_agrees_with_its_definition():
    networks = [small_network(1).double(), small_network(2).double()]
    faces, seeds = floats(smooth_faces(3)), [11, 12, 13]
    options = lowkey.Options(steps=15, perceptual="dssim", perceptual_weight=0.3)

    offsets = torch.arange(-3.0, 4.0, dtype=torch.float64)
    kernel = torch.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 3.0**2))
    kernel = (kernel / kernel.sum()).expand(3, 1, 7, 7)

    def unit(network, x):
        u = network(x[None]) + network(x.flip(2)[None])
        return (u / u.norm())[0]

    expected = []
    for x, seed in zip(faces, seeds, strict=True):
        references = [unit(network, x) for network in networks]
        y = x + torch.from_numpy(generator(seed, "noise").uniform(-0.005, 0.005, (3, SIZE, SIZE)))
        for _ in range(15):
            y = y.detach().requires_grad_()
            blurred = conv2d(pad(y[None], (3, 3, 3, 3), mode="reflect"), kernel, groups=3)[0]
            branches = [
                ((unit(network, view) - r) ** 2).mean()
                for network, r in zip(networks, references, strict=True)
                for view in (blurred, y)
            ]
            objective = sum(branches) / 4 - 0.3 * (1 - plain_ssim(x * 255, y * 255)) / 2
            y = y + 0.0025 * torch.autograd.grad(objective, y)[0].sign()
        expected.append(y.detach().clamp(0, 1))
    actual = lowkey.attack(faces, networks, options, seeds)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-12, rtol=0)


def test_lowkey_moves_far_without_a_bound_but_its_path():
    faces = floats(smooth_faces(4), torch.float32)
    network = small_network(3)
    result = lowkey.attack(faces, [network], lowkey.Options(perceptual="dssim"), [1, 2, 3, 4])
    change = (result - faces).abs()
    assert change.max() <= 0.13 + 1e-6
    assert (change > 0.05).float().mean() > 0.3
    assert (result >= 0).all()
    assert (result <= 1).all()

    def moved(other):
        views = [normalize(network(each) + network(each.flip(3)), dim=1) for each in (faces, other)]
        return (views[1] - views[0]).square().sum(dim=1)

    elsewhere = faces + 0.1 * (result - faces).sign().flip(0)
    assert (moved(result) > 2 * moved(elsewhere)).all()
    plain = lowkey.attack(faces, [network], lowkey.Options(perceptual="dssim", smoothing=False), [1, 2, 3, 4])
    assert not torch.equal(plain, result)


@pytest.mark.parametrize(("th", "steps"), [(0.017, 15), (0.0005, 40), (0.3, 25), (0.001, 15)])
def test_fawkes_v10_agrees_with_its_definition(th, steps):
    networks = [small_network(1).double(), small_network(2).double()]
    faces = floats(smooth_faces(3))
    expected, sides, weights = [], set(), set()
    for x in faces * 255:
        encoded, m, state = plain_encode(x), torch.full_like(x, 1e-4), {}
        clean = plain_decode(encoded)
        c, side, best, keep = 1.0, 1, 0.0, None
        references = [normalize(network(clean[None] / 255), dim=1) for network in networks]
        for iteration in range(1, steps + 1):
            m = m.detach().requires_grad_()
            center = x if iteration == 1 else clean
            y = center + torch.clip(plain_decode(encoded + m) - center, -15, 15)
            d = (1 - plain_ssim(clean, y)) / 2
            pairs = zip(networks, references, strict=True)
            q = sum(((normalize(network(y[None] / 255), dim=1) - r) ** 2).sum() for network, r in pairs)
            loss = 1e6 * torch.relu(d - th) ** 2 - c * q
            (g,) = torch.autograd.grad(loss, m)
            m = m.detach() - 15 * plain_adadelta(state, g, 1e-7)
            if iteration == 1:
                m, state = m - 0.01 * g.sign(), {}
            d, q = d.item(), q.item()
            if d <= 0.9 * th and c <= 129:
                c *= 2
                if side == -1:
                    c = 1.0
                side = 1
            elif d >= 1.1 * th and c >= 1 / 129:
                c /= 2
                if side == 1:
                    c = 1.0
                side = -1
            else:
                c, side = 1.0, 0
            sides.add(side)
            weights.add(c)
            if d <= 1.1 * th and q > best:
                best, keep = q, y.detach()
        if best < 0.3 and d < 0.015 and q > best:
            keep = y.detach()
        expected.append(keep.clip(0, 255) / 255)
    actual = fawkes_v10.attack(faces, networks, fawkes_v10.Options(th=th, steps=steps), [0, 0, 0])
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    assert (actual - faces).abs().amax(dim=(1, 2, 3)).min() > 0.01
    # The runs together reach both sides of the budget and both ends of the saw-teeth.
    assert {0.3: 256.0, 0.0005: 0.5, 0.017: 2.0, 0.001: 2.0}[th] in weights
    assert (-1 if th == 0.0005 else 1) in sides


def test_fawkes_v10_weight_falls_back_beyond_its_limits():
    th = torch.tensor([0.01])
    for value, side, beyond in ((0.0, 1.0, 256.0), (1.0, -1.0, 1 / 256)):
        weight, current, seen = torch.ones(1), torch.tensor([side]), []
        for _ in range(10):
            weight, current = fawkes_v10._reweigh(torch.tensor([value]), 0.01, weight, current)
            seen.append(weight.item())
        factor = 2.0 if side > 0 else 0.5
        assert seen == [factor**k for k in range(1, 9)] + [1.0, factor], (th, beyond)
        assert seen[7] == beyond


def test_fawkes_v10_takes_the_last_iterate_only_where_it_moved_more_at_little_cost():
    best = torch.tensor([0.29, 0.31, 0.29, 0.29])
    dssim_of_last = torch.tensor([0.0149, 0.0149, 0.0151, 0.0149])
    moved = torch.tensor([0.5, 0.5, 0.5, 0.28])
    assert fawkes_v10._prefer_last(best, dssim_of_last, moved).tolist() == [True, False, False, False]


def test_fawkes_v10_keeps_within_its_bounds():
    faces = floats(smooth_faces(4, size=32), torch.float32)
    network = small_network(3)
    result = fawkes_v10.attack(faces, [network], fawkes_v10.Options(steps=80), [0] * 4)
    assert (255 * (result - faces)).abs().max() <= 15 + 1e-3
    assert (dssim(faces, result) <= max(1.1 * 0.017, 0.015) + 1e-5).all()
    moved = (normalize(network(result), dim=1) - normalize(network(faces), dim=1)).square().sum(dim=1)
    assert moved.min() > 0.05


@pytest.mark.parametrize(("th", "penalty"), [(0.003, 1e9), (1e-6, 1e9), (0.5, 1e9)])
def test_fawkes_v03_agrees_with_its_definition(th, penalty):
    networks = [small_network(1).double(), small_network(2).double()]
    faces, targets = floats(smooth_faces(3)), floats(smooth_faces(3, seed=5))
    expected = []
    for x, target in zip(faces * 255, targets * 255, strict=True):
        encoded, m, state = plain_encode(x), torch.full_like(x, 1e-6), {}
        clean, lr, best, keep = plain_decode(encoded), 35.0, math.inf, None
        goals = [2 * network(target[None] / 255) - network(clean[None] / 255) for network in networks]

        def judge(m, encoded=encoded, clean=clean, goals=goals):
            y = plain_decode(encoded + m)
            q = sum((t - f(y[None] / 255)).norm() / t.norm() for f, t in zip(networks, goals, strict=True))
            return penalty * torch.relu((1 - plain_ssim(clean, y)) / 2 - th) ** 2 + q, q, y

        for iteration in range(15):
            m = m.detach().requires_grad_()
            (g,) = torch.autograd.grad(judge(m)[0], m)
            m = m.detach() - lr * plain_adadelta(state, g, 1e-8)
            _, q, y = judge(m)
            if q < best:
                best, keep = q, y
            if iteration != 0 and iteration % (15 // 3) == 0:
                lr *= 0.8
        expected.append(keep.clip(0, 255) / 255)
    options = fawkes_v03.Options(mode="low", th=th, steps=15, penalty=penalty)
    actual = fawkes_v03.attack(faces, networks, options, [0, 0, 0], targets)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    assert (actual - faces).abs().amax(dim=(1, 2, 3)).min() > 0.005


def test_fawkes_v03_approaches_its_target_near_its_threshold():
    faces, targets = (floats(smooth_faces(4, 32, seed), torch.float32) for seed in (0, 5))
    network = small_network(3)
    result = fawkes_v03.attack(faces, [network], fawkes_v03.Options(steps=100), [0] * 4, targets)
    goals = 2 * network(targets) - network(faces)
    before, after = ((goals - network(each)).norm(dim=1) for each in (faces, result))
    assert (after < 0.98 * before).all()
    assert dssim(faces, result).max() < 3 * 0.008


def test_modes_are_the_published_ones():
    assert fawkes_v10.Options().resolved() == (0.017, 150, 15)
    assert fawkes_v10.Options(mode="low", steps=7).resolved() == (0.004, 7, 25)
    assert fawkes_v03.Options().resolved() == (0.008, 500, 10)
    assert fawkes_v03.Options(mode="ultra", th=0.02, lr=3.0).resolved() == (0.02, 1000, 3)
    assert list(fawkes_v03.MODES) == ["min", "low", "mid", "high", "ultra"]


# --- Targets --------------------------------------------------------------------------------------------------------


def test_target_is_one_of_the_twenty_farthest_from_the_nearest_face():
    random = np.random.default_rng(0)
    user = random.normal(size=(6, 5))
    candidates = {f"p{k}": random.normal(size=(3, 5)) * (1 + k / 10) for k in range(30)}
    nearest = {name: min(np.linalg.norm(user - c.mean(0), axis=1)) for name, c in candidates.items()}
    farthest = set(sorted(nearest, key=nearest.get)[-20:])
    chosen = [fawkes_v03.choose_target(user, candidates, seed) for seed in range(300)]
    assert set(chosen) == farthest
    backwards = {name: candidates[name] for name in reversed(candidates)}
    assert fawkes_v03.choose_target(user, backwards, 7) == chosen[7]
    means = {name: values.mean(axis=0) for name, values in candidates.items()}
    assert fawkes_v03.choose_target(user, means, 7) == chosen[7]
    with pytest.raises(InputError, match="no identity"):
        fawkes_v03.choose_target(user, {}, 0)


def test_target_pictures_are_the_first_ten_doubled_until_they_suffice():
    pictures = [f"a/{k:02}" for k in range(12)]
    drawn = fawkes_v03.draw_targets(pictures[::-1], 10, seed=1)
    assert sorted(drawn) == pictures[:10]
    assert drawn == fawkes_v03.draw_targets(pictures, 10, seed=1) != fawkes_v03.draw_targets(pictures, 10, seed=2)
    many = fawkes_v03.draw_targets(pictures[:3], 12, seed=1)
    assert {name: many.count(name) for name in pictures[:3]} == dict.fromkeys(pictures[:3], 4)
    with pytest.raises(InputError, match="no picture"):
        fawkes_v03.draw_targets([], 1, 0)


# --- The job --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", SMALL_RUNS)
def test_bytes_depend_on_nothing_but_the_picture(attack):
    faces, targets = smooth_faces(7), smooth_faces(7, seed=5)
    pictures = [f"someone/{k}" for k in range(7)]
    network = small_network(4)

    def run(rows, seed=3):
        names = [pictures[row] for row in rows]
        arguments = (attack, SMALL_RUNS[attack], [network], seed)
        return perturb(faces[rows], names, *arguments, batch_size=4, targets=targets[rows])

    whole, seconds = run(list(range(7)))
    assert whole.dtype == np.uint8
    assert whole.shape == faces.shape
    assert seconds.shape == (7,)
    assert (seconds > 0).all()
    assert (np.abs(whole.astype(int) - faces).max(axis=(1, 2, 3)) > 0).all()
    order = [6, 2, 5, 0, 3, 1, 4]
    np.testing.assert_array_equal(run(order)[0], whole[order])
    np.testing.assert_array_equal(run([5])[0], whole[5:6])
    np.testing.assert_array_equal(run([1, 3, 6])[0], whole[[1, 3, 6]])
    assert (run([5], seed=4)[0] != whole[5:6]).any() == (attack == "lowkey")


def test_perturb_passes_seeds_and_truncates(monkeypatch):
    seen = {}

    def attack(faces, surrogates, options, seeds, targets=None):
        seen["seeds"], seen["faces"] = seeds, faces
        return (faces + 0.9 / 255).clamp(0, 1)

    monkeypatch.setattr(lowkey, "attack", attack)
    faces = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    result, _ = perturb(faces, ["a/1"], "lowkey", SMALL_RUNS["lowkey"], [small_network(1)], 9, batch_size=2)
    np.testing.assert_array_equal(result, faces)
    assert seen["seeds"] == [derive_seed(9, "lowkey", "a/1")] * 2
    assert seen["faces"].shape == (2, 3, 16, 16)
    torch.testing.assert_close(seen["faces"][0], floats(faces, torch.float32)[0], atol=1e-7, rtol=0)


def test_bfloat16_stays_close():
    faces = smooth_faces(3)
    arguments = (faces, ["a/0", "a/1", "a/2"], "lowkey", SMALL_RUNS["lowkey"], [small_network(1)], 0)
    exact, rough = (perturb(*arguments, batch_size=3, precision=name)[0] for name in ("float32", "bfloat16"))
    assert 0.5 < (exact == rough).mean() < 1
    assert np.abs(exact.astype(int) - rough).max() <= 2 * (5 + 255 * 6 * 0.0025)
    with pytest.raises(InputError, match="precision"):
        perturb(*arguments, precision="float16")


@pytest.mark.parametrize("attack", SMALL_RUNS)
@pytest.mark.parametrize("value", [float("nan"), 0.0])
def test_useless_surrogate_is_named_with_the_picture(attack, value):
    def surrogate(faces):
        embeddings = small_network(1)(faces)
        return torch.where(faces.mean(dim=(1, 2, 3))[:, None] < 0.1, torch.full_like(embeddings, value), embeddings)

    faces = smooth_faces(3)
    faces[1] = 0
    with pytest.raises(InputError, match="'b/1'"):
        perturb(faces, ["b/0", "b/1", "b/2"], attack, SMALL_RUNS[attack], [surrogate], 0, targets=smooth_faces(3))


@pytest.mark.parametrize("attack", SMALL_RUNS)
def test_gradient_that_is_not_finite_is_named_with_the_picture(attack):
    class Poisoned(torch.autograd.Function):
        @staticmethod
        def forward(ctx, faces):
            return faces.clone()

        @staticmethod
        def backward(ctx, gradient):
            gradient = gradient.clone()
            gradient[2::3] = torch.nan
            return gradient

    def surrogate(faces):
        return small_network(1)(Poisoned.apply(faces))

    names = ["c/0", "c/1", "c/2"]
    with pytest.raises(InputError, match="'c/2'"):
        perturb(
            smooth_faces(3),
            names,
            attack,
            SMALL_RUNS[attack],
            [surrogate],
            0,
            batch_size=3,
            targets=smooth_faces(3, seed=1),
        )


@pytest.mark.parametrize(
    ("attack", "options", "message"),
    [
        ("lowkey", {"step": 3}, "unknown option 'step'.*steps"),
        ("lowkey", {"steps": 3.5}, "'steps' is 3.5.*int"),
        ("lowkey", {"steps": True, "perceptual": "dssim"}, "'steps' is True"),
        ("lowkey", {"steps": 0, "perceptual": "dssim"}, "at least 1"),
        ("lowkey", {"noise": "much"}, "'noise' is 'much'.*float"),
        ("lowkey", {"smoothing": 1}, "'smoothing' is 1.*bool"),
        ("lowkey", {"perceptual": "l2"}, "choose from lpips, dssim"),
        ("lowkey", {}, "needs 'alexnet'"),
        ("fawkes_v10", {"mode": "ultra"}, "choose from low, mid, high"),
        ("fawkes_v10", {"th": -1}, "th is -1"),
        ("fawkes_v03", {"steps": 2}, "at least 3"),
        ("fawkes_v03", {"lr": float("nan")}, "lr is nan"),
        ("dssim", {}, "'dssim' is no attack"),
        ("folkes", {}, "'folkes' is no attack"),
    ],
)
def test_wrong_options_are_told(attack, options, message):
    with pytest.raises(InputError, match=message):
        read_options(attack, options)


def test_right_options_are_read():
    assert read_options("fawkes_v10", {"th": 1, "steps": None}) == fawkes_v10.Options(th=1.0)
    assert read_options("lowkey", {"perceptual": "dssim", "perceptual_weight": 10}).perceptual_weight == 10.0


def test_wrong_arrays_are_told():
    faces, network = smooth_faces(2), small_network(1)
    run = SMALL_RUNS["fawkes_v03"]
    with pytest.raises(InputError, match="one target picture"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [network], 0)
    with pytest.raises(InputError, match="targets"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [network], 0, targets=faces[:1])
    with pytest.raises(InputError, match="2 for 1 pictures"):
        perturb(faces, ["a/1"], "fawkes_v03", run, [network], 0, targets=faces)
    with pytest.raises(InputError, match="uint8"):
        perturb(faces / 255, ["a/1", "a/2"], "fawkes_v03", run, [network], 0)
    with pytest.raises(InputError, match="no surrogate"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [], 0)


# --- LPIPS ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning:torchvision")
def test_lpips_agrees_with_the_package_on_the_same_weights(tmp_path):
    import lpips
    import torchvision

    torch.manual_seed(0)
    alexnet = torchvision.models.alexnet(weights=None).eval()
    path = tmp_path / "alexnet.pth"
    torch.save({name: value for name, value in alexnet.state_dict().items() if name.startswith("features")}, path)
    package = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    for part in (package.net.slice1, package.net.slice2, package.net.slice3, package.net.slice4, package.net.slice5):
        for number, layer in part.named_children():
            layer.load_state_dict(alexnet.features[int(number)].state_dict())

    clean, other = (floats(smooth_faces(2, 64, seed), torch.float32) for seed in (0, 1))
    other.requires_grad_()
    ours, theirs = load_lpips(path)(clean, other), package(2 * clean - 1, 2 * other - 1).flatten()
    assert theirs.min() > 0
    torch.testing.assert_close(ours, theirs, atol=1e-8, rtol=1e-5)
    gradients = [torch.autograd.grad(each.sum(), other)[0] for each in (ours, theirs)]
    assert (gradients[0].sign() == gradients[1].sign()).float().mean() > 0.999
    options = lowkey.Options(steps=2, alexnet=str(path), perceptual_weight=50.0)
    near, far = (
        lowkey.attack(clean, [small_network(1)], each, [1, 2])
        for each in (options, lowkey.Options(steps=2, perceptual="dssim", perceptual_weight=0.0))
    )
    assert not torch.equal(near, far)
    with pytest.raises(InputError, match="31 pixels"):
        load_lpips(path)(clean[..., :30, :30], other[..., :30, :30])


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


# --- Mixtures -------------------------------------------------------------------------------------------------------


def test_mixture_divides_every_identity_by_the_shares():
    pictures = [f"person{i}/{k}" for i in range(40) for k in range(7 + i % 4)]
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    attacks = mixture.assign(pictures, shares, seed=1)
    for i in range(40):
        own = attacks[[picture.startswith(f"person{i}/") for picture in pictures]]
        counts = {name: int((own == name).sum()) for name in shares}
        assert sum(counts.values()) == 7 + i % 4
        assert all(abs(counts[name] - share * len(own)) < 1 for name, share in shares.items())
        if len(own) == 10:
            assert counts == {"a": 5, "b": 3, "c": 2}
    # An odd picture goes to either half, so that neither attack is favored over all users.
    halves = mixture.assign([f"person{i}/{k}" for i in range(200) for k in range(3)], {"a": 1, "b": 1}, seed=1)
    assert 260 < (halves == "a").sum() < 340


def test_mixture_depends_on_seed_and_identity_alone():
    pictures = [f"person{i}/{k}" for i in range(5) for k in range(9)]
    shares = {"a": 0.5, "b": 0.5}
    first = dict(zip(pictures, mixture.assign(pictures, shares, 1), strict=True))
    shuffled = list(np.random.default_rng(0).permutation(pictures))
    assert dict(zip(shuffled, mixture.assign(shuffled, {"b": 0.5, "a": 0.5}, 1), strict=True)) == first
    one = [picture for picture in pictures if picture.startswith("person3/")]
    assert mixture.assign(one, shares, 1).tolist() == [first[picture] for picture in one]
    assert mixture.assign(pictures, shares, 2).tolist() != list(first.values())
    assert set(mixture.assign(pictures, {"only": 3}, 1)) == {"only"}


def test_wrong_mixtures_are_told():
    with pytest.raises(InputError, match="at least one"):
        mixture.assign(["a/1"], {}, 0)
    with pytest.raises(InputError, match="share of 'x'"):
        mixture.assign(["a/1"], {"x": 0}, 0)
    with pytest.raises(InputError, match="twice"):
        mixture.assign(["a/1", "a/1"], {"x": 1}, 0)
