"""Both versions of Fawkes, their optimizer and DSSIM against plain references in float64."""

import math

import numpy as np
import pytest
import torch
from reference_computations import (
    floats,
    plain_adadelta,
    plain_decode,
    plain_encode,
    plain_ssim,
    poisoned,
    small_network,
    smooth_faces,
)
from torch.nn.functional import normalize

from uncloak.attacks.methods import fawkes_v03, fawkes_v10
from uncloak.attacks.terms import dssim as dssim_module
from uncloak.attacks.terms.dssim import dssim
from uncloak.errors import InputError
from uncloak.seeds import generator

# --- Fawkes v1.0 ----------------------------------------------------------------------------------------------------


def plain_v10(x, networks, th, steps, penalty=1e6, first=None, target=None, last=True):
    """Fawkes v1.0 of one picture [3,S,S] in grey levels, step by step (attacks.md 3.4): the result and its history.

    `networks` may hold one twice. `first` is the modifier's start, `target` a picture like `x`.
    """
    encoded, state = plain_encode(x), {}
    m = torch.full_like(x, 1e-4) if first is None else first
    clean = plain_decode(encoded)
    c, side, best, keep, history = 1.0, 1, 0.0, clean, []
    references = [normalize(f((clean if target is None else target)[None] / 255), dim=1) for f in networks]

    def distance(y):
        return sum(
            ((normalize(f(y[None] / 255), dim=1) - r) ** 2).sum() for f, r in zip(networks, references, strict=True)
        )

    for iteration in range(1, steps + 1):
        m = m.detach().requires_grad_()
        center = x if iteration == 1 else clean
        y = center + torch.clip(plain_decode(encoded + m) - center, -15, 15)
        d = (1 - plain_ssim(clean, y)) / 2
        q = distance(y) if target is None else distance(clean) - distance(y)
        (g,) = torch.autograd.grad(penalty * torch.relu(d - th) ** 2 - c * q, m)
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
        if d <= 1.1 * th and q > best:
            best, keep = q, y.detach()
        history.append({"c": c, "side": side, "d": d, "q": q, "y": y.detach()})
    took_last = last and best < 0.3 and d < 0.015 and q > best
    return (y.detach() if took_last else keep).clip(0, 255) / 255, history, took_last


def doubles(*seeds):
    return [small_network(seed).double() for seed in seeds]


@pytest.mark.parametrize(
    ("th", "sides", "weights"),
    [(0.017, {1}, {2.0}), (0.0005, {-1, 1}, {0.5, 1.0}), (0.3, {1}, {1.0, 256.0}), (0.004, {1}, {2.0})],
)
def test_fawkes_v10_agrees_with_its_definition(th, sides, weights):
    networks, faces = doubles(1, 2), floats(smooth_faces(3))
    expected, histories, _ = zip(*(plain_v10(x, networks, th, 60) for x in faces * 255), strict=True)
    actual = fawkes_v10.attack(faces, networks, fawkes_v10.Options(th=th, steps=60), [0, 0, 0])
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    assert (actual - faces).abs().amax(dim=(1, 2, 3)).min() > 0.01
    # The runs together reach both sides of the budget and both ends of the saw-teeth.
    seen = [state for history in histories for state in history]
    assert sides <= {state["side"] for state in seen}
    assert weights <= {state["c"] for state in seen}


@pytest.mark.parametrize("last", [True, False])
def test_fawkes_v10_agrees_where_the_last_iterate_is_taken(last):
    # So small a budget that few iterates are inside, while 0.015 lies far above it.
    networks, faces = doubles(1), floats(smooth_faces(4))
    runs = [plain_v10(x, networks, 0.0002, 13, last=last) for x in faces * 255]
    actual = fawkes_v10.attack(faces, networks, fawkes_v10.Options(th=0.0002, steps=13, last=last), [0] * 4)
    torch.testing.assert_close(actual, torch.stack([run[0] for run in runs]), atol=1e-10, rtol=0)
    assert any(run[2] for run in runs) == last


def test_fawkes_v10_agrees_from_a_start_in_noise_of_its_own():
    networks, faces, seeds = doubles(1), floats(smooth_faces(2)), [7, 8]
    draws = [torch.from_numpy(generator(seed, "noise").uniform(-1e-4, 1e-4, (3, 24, 24))) for seed in seeds]
    expected = [plain_v10(x, networks, 0.017, 60, first=m)[0] for x, m in zip(faces * 255, draws, strict=True)]
    options = fawkes_v10.Options(steps=60, start="noise")
    actual = fawkes_v10.attack(faces, networks, options, seeds)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    assert not torch.equal(actual, fawkes_v10.attack(faces, networks, options, seeds[::-1]))


def test_fawkes_v10_moves_to_targets_where_they_are_given():
    networks = doubles(1, 2)
    faces, targets = floats(smooth_faces(3)), floats(smooth_faces(3, seed=5))
    pairs = zip(faces * 255, targets * 255, strict=True)
    expected = [plain_v10(x, networks, 0.017, 60, target=target)[0] for x, target in pairs]
    actual = fawkes_v10.attack(faces, networks, fawkes_v10.Options(steps=60), [0] * 3, targets=targets)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)

    def distance(pictures):
        return sum((normalize(f(pictures), dim=1) - normalize(f(targets), dim=1)).square().sum(dim=1) for f in networks)

    assert (distance(actual) < 0.6 * distance(faces)).all()


def test_fawkes_v10_counts_a_surrogate_as_often_as_it_is_listed_but_computes_it_once():
    first, second = doubles(1, 2)
    calls = []

    def counted(faces):
        calls.append(len(faces))
        return first(faces)

    faces = floats(smooth_faces(2))
    expected = [plain_v10(x, [first, first, second], 0.017, 60)[0] for x in faces * 255]
    actual = fawkes_v10.attack(faces, [counted, second, counted], fawkes_v10.Options(steps=60), [0, 0])
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    # The clean embedding is computed once, too.
    assert len(calls) == 61


def test_fawkes_v10_weight_falls_back_beyond_its_limits():
    for value, side, beyond in ((0.0, 1.0, 256.0), (1.0, -1.0, 1 / 256)):
        weight, current, seen = torch.ones(1), torch.tensor([side]), []
        for _ in range(10):
            weight, current = fawkes_v10._reweigh(torch.tensor([value]), 0.01, weight, current)
            seen.append(weight.item())
        factor = 2.0 if side > 0 else 0.5
        assert seen == [factor**k for k in range(1, 9)] + [1.0, factor]
        assert seen[7] == beyond


def test_fawkes_v10_takes_the_last_iterate_only_where_it_moved_more_at_little_cost():
    best = torch.tensor([0.29, 0.31, 0.29, 0.29])
    dssim_of_last = torch.tensor([0.0149, 0.0149, 0.0151, 0.0149])
    moved = torch.tensor([0.5, 0.5, 0.5, 0.28])
    assert fawkes_v10._prefer_last(best, dssim_of_last, moved).tolist() == [True, False, False, False]


def test_fawkes_v10_gives_back_clean_what_it_cannot_move():
    faces = floats(smooth_faces(2))
    result = fawkes_v10.attack(faces, [lambda x: 0 * x.mean(dim=(2, 3)) + 1], fawkes_v10.Options(steps=5), [0, 0])
    torch.testing.assert_close(result, faces, atol=1e-9, rtol=0)


@pytest.mark.parametrize("mode", ["low", "high"])
def test_fawkes_v10_keeps_within_its_bounds(mode):
    faces = floats(smooth_faces(4, size=32), torch.float32)
    network = small_network(3)
    options = fawkes_v10.Options(mode=mode)
    result = fawkes_v10.attack(faces, [network], options, [0] * 4)
    change = 255 * (result - faces).double().abs()
    assert change.max() <= 15 + 2e-5
    assert (dssim(faces, result) <= max(1.1 * options.resolved().th, 0.015) + 1e-6).all()
    moved = (normalize(network(result), dim=1) - normalize(network(faces), dim=1)).square().sum(dim=1)
    assert moved.min() > 0.04
    # The bound of 15 grey levels is reached where DSSIM leaves room for it.
    wide = fawkes_v10.attack(faces, [network], fawkes_v10.Options(th=0.4, steps=60), [0] * 4)
    assert 14.9 < 255 * (wide - faces).double().abs().max() <= 15 + 2e-5


# --- Fawkes v0.3 ----------------------------------------------------------------------------------------------------


def plain_v03(x, target, networks, th, steps, lr, penalty=1e9, stop=None):
    """Fawkes v0.3 of one picture [3,S,S] in grey levels, step by step (attacks.md 3.3, batch of one)."""
    encoded, m, state = plain_encode(x), torch.full_like(x, 1e-6), {}
    clean, best, keep = plain_decode(encoded), math.inf, None
    aim = plain_decode(plain_encode(target))
    goals = [2 * f(aim[None] / 255) - f(clean[None] / 255) for f in networks]

    def judge(m):
        y = plain_decode(encoded + m)
        q = sum((t - f(y[None] / 255)).norm() / t.norm() for f, t in zip(networks, goals, strict=True))
        return penalty * torch.relu((1 - plain_ssim(clean, y)) / 2 - th) ** 2 + q, q, y

    for iteration in range(steps):
        m = m.detach().requires_grad_()
        (g,) = torch.autograd.grad(judge(m)[0], m)
        m = m.detach() - lr * plain_adadelta(state, g, 1e-8)
        with torch.no_grad():
            _, q, y = judge(m)
        away = [f(aim[None] / 255) for f in networks]
        left = [
            ((t - f(y[None] / 255)).norm() / (t - f(clean[None] / 255)).norm()).item()
            for f, t in zip(networks, away, strict=True)
        ]
        if stop is not None and np.mean(left) <= stop:
            return y.clip(0, 255) / 255
        if q < best:
            best, keep = q, y
        if iteration != 0 and iteration % (steps // 3) == 0:
            lr *= 0.8
    return keep.clip(0, 255) / 255


@pytest.mark.parametrize(("mode", "th"), [("low", 0.003), ("low", 1e-6), ("ultra", 0.5), ("high", None)])
def test_fawkes_v03_agrees_with_its_definition(mode, th):
    networks = doubles(1, 2)
    faces, targets = floats(smooth_faces(3)), floats(smooth_faces(3, seed=5))
    options = fawkes_v03.Options(mode=mode, th=th, steps=62)
    th, _, lr = options.resolved()
    pairs = zip(faces * 255, targets * 255, strict=True)
    expected = [plain_v03(x, target, networks, th, 62, lr) for x, target in pairs]
    actual = fawkes_v03.attack(faces, networks, options, [0] * 3, targets=targets)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    assert (actual - faces).abs().amax(dim=(1, 2, 3)).min() > 0.002


def test_fawkes_v03_stops_at_a_share_of_the_distance_from_its_target():
    networks = doubles(1, 2)
    faces, targets = floats(smooth_faces(4)), floats(smooth_faces(4, seed=5))
    runs = {}
    for stop in (None, 0.9, 0.85):
        options = fawkes_v03.Options(mode="ultra", th=0.5, steps=60, stop=stop)
        pairs = zip(faces * 255, targets * 255, strict=True)
        expected = [plain_v03(x, target, networks, 0.5, 60, 8.0, stop=stop) for x, target in pairs]
        runs[stop] = fawkes_v03.attack(faces, networks, options, [0] * 4, targets=targets)
        torch.testing.assert_close(runs[stop], torch.stack(expected), atol=1e-10, rtol=0)

    def left(pictures):
        return sum((f(targets) - f(pictures)).norm(dim=1) / (f(targets) - f(faces)).norm(dim=1) for f in networks) / 2

    print("left of the distance:", {stop: left(run).detach().numpy().round(3) for stop, run in runs.items()})
    assert (left(runs[None]) < 0.85).all()
    for stop in (0.9, 0.85):
        assert ((stop - 0.1 < left(runs[stop])) & (left(runs[stop]) <= stop)).all()


def test_fawkes_v03_keeps_the_first_iterate_that_is_near_enough_to_its_target():
    """So that at most one step more of the distance is covered than the share says; each picture for itself."""
    (network,) = doubles(1)
    faces, targets = floats(smooth_faces(4)), floats(smooth_faces(4, seed=5))
    seen = []

    def watched(pictures):
        seen.append(pictures.detach().clone())
        return network(pictures)

    def left(pictures):
        return (network(targets) - network(pictures)).norm(dim=1) / (network(targets) - network(faces)).norm(dim=1)

    def run(stop):
        options = fawkes_v03.Options(mode="ultra", th=0.5, steps=60, stop=stop)
        seen.clear()
        return fawkes_v03.attack(faces, [watched], options, [0] * 4, targets=targets)

    whole, stopped = run(None), run(0.85)
    # Before the first step it embeds the clean faces, the targets and the first modifier's pictures.
    shares = torch.stack([left(each) for each in seen[2:]])
    near = (shares <= 0.85).int().argmax(dim=0)
    assert len(set(near.tolist())) > 1
    for picture, first in enumerate(near.tolist()):
        assert shares[first - 1, picture] > 0.85 >= shares[first, picture]
        torch.testing.assert_close(stopped[picture], seen[2 + first][picture].clamp(0, 1), atol=0, rtol=0)
        assert (stopped[picture] - whole[picture]).abs().max() > 0.002
    assert (left(whole) < left(stopped) - 0.05).all()


def test_fawkes_v03_counts_a_surrogate_as_often_as_it_is_listed_but_computes_it_once():
    first, second = doubles(1, 2)
    calls = []

    def counted(faces):
        calls.append(len(faces))
        return first(faces)

    faces, targets = floats(smooth_faces(2)), floats(smooth_faces(2, seed=5))
    pairs = zip(faces * 255, targets * 255, strict=True)
    expected = [plain_v03(x, target, [first, first, second], 0.008, 60, 10.0) for x, target in pairs]
    options = fawkes_v03.Options(steps=60)
    actual = fawkes_v03.attack(faces, [counted, second, counted], options, [0, 0], targets=targets)
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-10, rtol=0)
    # Two for the target point, one a step, one for the last iterate.
    assert len(calls) == 63


def test_fawkes_v03_never_keeps_the_start():
    # A face that is its own target starts at its goal: every iterate is farther, and the nearest of them is kept.
    network, faces = doubles(1)[0], floats(smooth_faces(2))
    options = fawkes_v03.Options(steps=12)
    actual = fawkes_v03.attack(faces, [network], options, [0, 0], targets=faces)
    expected = [plain_v03(x, x, [network], 0.008, 12, 10.0) for x in faces * 255]
    torch.testing.assert_close(actual, torch.stack(expected), atol=1e-9, rtol=0)
    assert (actual - faces).abs().amax(dim=(1, 2, 3)).min() > 1e-4


def test_fawkes_v03_approaches_its_target_and_hovers_near_its_threshold():
    faces, targets = (floats(smooth_faces(8, 32, seed), torch.float32) for seed in (0, 5))
    network = small_network(3)
    result = fawkes_v03.attack(faces, [network], fawkes_v03.Options(), [0] * 8, targets=targets)
    goals = 2 * network(targets) - network(faces)
    before, after = ((goals - network(each)).norm(dim=1) for each in (faces, result))
    assert (after < 0.98 * before).all()
    dissimilarity = dssim(faces, result)
    print("DSSIM of kept iterates:", np.round(np.sort(dissimilarity.numpy()), 5))
    assert dissimilarity.min() > 0.9 * 0.008
    assert dissimilarity.max() < 1.5 * 0.008


def test_fawkes_v03_needs_targets_of_the_same_size():
    faces = floats(smooth_faces(2))
    for targets in (None, faces[:1]):
        with pytest.raises(InputError, match="one target picture"):
            fawkes_v03.attack(faces, doubles(1), fawkes_v03.Options(), [0, 0], targets=targets)


# --- Both -----------------------------------------------------------------------------------------------------------

ATTACKS = {"fawkes_v03": fawkes_v03, "fawkes_v10": fawkes_v10}


@pytest.mark.parametrize("name", ATTACKS)
def test_other_pictures_change_nothing(name):
    module, network = ATTACKS[name], small_network(1)
    faces, targets = (floats(smooth_faces(6, seed=seed), torch.float32) for seed in (0, 5))

    def run(rows):
        options = module.Options(steps=15, **({"start": "noise"} if name == "fawkes_v10" else {}))
        return module.attack(faces[rows], [network], options, [row + 1 for row in rows], targets=targets[rows])

    whole = run([0, 1, 2, 3, 4, 5])
    torch.testing.assert_close(run([5, 3, 0, 1, 4, 2]), whole[[5, 3, 0, 1, 4, 2]], atol=0, rtol=0)
    torch.testing.assert_close(run([2, 2, 2, 2, 2, 4]), whole[[2, 2, 2, 2, 2, 4]], atol=0, rtol=0)


@pytest.mark.parametrize("name", ATTACKS)
def test_first_steps_agree_between_batches_of_one_and_of_eight(name):
    module, network = ATTACKS[name], small_network(1)
    faces, targets = (floats(smooth_faces(8, seed=seed), torch.float32) for seed in (0, 5))

    def run(rows):
        """The pictures and what the surrogate's movement from the clean picture is, at every step."""
        pictures, moved = [], []

        def watched(faces):
            if faces.requires_grad:
                pictures.append(faces.detach().clone())
                moved.append((normalize(network(faces.detach()), dim=1) - clean[rows]).square().sum(dim=1))
            return network(faces)

        module.attack(faces[rows], [watched], module.Options(steps=10), [0] * len(rows), targets=targets[rows])
        return torch.stack(pictures), torch.stack(moved)

    clean = normalize(network(faces), dim=1)
    together, alone = run(list(range(8))), [run([row]) for row in range(8)]
    pictures, moved = (torch.cat([one[part] for one in alone], dim=1) for part in (0, 1))
    assert len(pictures) == 10
    # Single steps from one state: the first is the same, and so is the sign step or the first update after it.
    torch.testing.assert_close(together[0][:2], pictures[:2], atol=1e-6, rtol=0)
    # Before the sign step the embedding has moved by rounding alone.
    torch.testing.assert_close(together[1][1:], moved[1:], atol=0, rtol=5e-4)


@pytest.mark.parametrize("name", ATTACKS)
def test_progress_wraps_every_step_and_a_broken_picture_alone_is_nan(name):
    module, seen = ATTACKS[name], []

    def track(steps):
        for step in steps:
            yield step
            seen.append(step)

    faces = floats(smooth_faces(3), torch.float32)
    network = small_network(1)
    targets = floats(smooth_faces(3, seed=5), torch.float32)
    arguments = (
        faces,
        [poisoned(network, lambda gradient: gradient[1].fill_(torch.nan))],
        module.Options(steps=5),
        [0] * 3,
    )
    result = module.attack(*arguments, targets=targets, track=track)
    assert seen == list(range(5))
    assert result.isnan().flatten(1).all(dim=1).tolist() == [False, True, False]
    assert result[[0, 2]].isfinite().all()
    alone = module.attack(faces[[0]], [network], module.Options(steps=5), [0], targets=targets[[0]])
    torch.testing.assert_close(result[[0]], alone, atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", ATTACKS)
def test_pictures_within_their_budget_save_the_penalty_s_gradient_and_change_no_byte(name, monkeypatch):
    module, network = ATTACKS[name], small_network(1)
    faces, targets = (floats(smooth_faces(6, size=32, seed=seed), torch.float32) for seed in (0, 5))
    options = module.Options(th=0.002 if name == "fawkes_v10" else 0.0005, steps=60)
    window, spread = dssim_module._window, []

    def counted(planes, weights, **way):
        spread.extend([len(planes)] if way.get("spread") else [])
        return window(planes, weights, **way)

    monkeypatch.setattr(dssim_module, "_window", counted)
    saved = module.attack(faces, [network], options, [0] * 6, targets=targets)
    # In some steps no picture is over its budget, in some a part of them.
    assert 0 < len(spread) < 60
    assert min(spread) < 6
    monkeypatch.setattr(dssim_module, "_asked", lambda gradient: None)
    spread.clear()
    assert torch.equal(saved, module.attack(faces, [network], options, [0] * 6, targets=targets))
    assert spread == [6] * 60


def test_modes_are_the_published_ones():
    assert fawkes_v10.MODES == {"low": (0.004, 40, 25), "mid": (0.012, 75, 20), "high": (0.017, 150, 15)}
    assert fawkes_v03.MODES == {
        "min": (0.002, 20, 40),
        "low": (0.003, 50, 35),
        "mid": (0.005, 200, 20),
        "high": (0.008, 500, 10),
        "ultra": (0.01, 1000, 8),
    }
    assert fawkes_v10.Options().resolved() == (0.017, 150, 15)
    assert fawkes_v10.Options(mode="low", steps=7).resolved() == (0.004, 7, 25)
    assert fawkes_v03.Options().resolved() == (0.008, 500, 10)
    assert fawkes_v03.Options(mode="ultra", th=0.02, lr=3.0).resolved() == (0.02, 1000, 3)
    assert (fawkes_v03.Options().penalty, fawkes_v10.Options().penalty) == (1e9, 1e6)
    assert (fawkes_v10.Options().start, fawkes_v10.Options().last) == ("constant", True)
    assert fawkes_v03.Options().stop is None


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (fawkes_v10, {"mode": "ultra"}, "fawkes_v10: mode is 'ultra'; choose from low, mid, high"),
        (fawkes_v10, {"th": -1.0}, "fawkes_v10: th is -1.0; it must be a number above 0"),
        (fawkes_v10, {"steps": 0}, "fawkes_v10: steps is 0; it must be at least 1"),
        (fawkes_v10, {"penalty": math.inf}, "fawkes_v10: penalty is inf; it must be a number above 0"),
        (fawkes_v10, {"start": "zero"}, "fawkes_v10: start is 'zero'; choose from constant, noise"),
        (fawkes_v03, {"mode": "huge"}, "fawkes_v03: mode is 'huge'; choose from min, low, mid, high, ultra"),
        (fawkes_v03, {"steps": 2}, "fawkes_v03: steps is 2; it must be at least 3"),
        (fawkes_v03, {"stop": 1.0}, "fawkes_v03: stop is 1.0; it must be above 0 and below 1"),
        (fawkes_v03, {"lr": math.nan}, "fawkes_v03: lr is nan; it must be a number above 0"),
    ],
)
def test_wrong_options_are_told(module, options, message):
    with pytest.raises(InputError) as error:
        module.Options(**options)
    assert str(error.value) == message
