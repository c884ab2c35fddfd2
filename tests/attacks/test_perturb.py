"""An attack on a set of faces: what a picture's bytes depend on, what is passed on, and what is told of bad input."""

import dataclasses
import logging
import math
import os
import sys
import time
from types import ModuleType
from typing import Literal

import numpy as np
import pytest
import torch
from reference_computations import SIZE, floats, poisoned, small_network, smooth_faces

from uncloak.attacks.batch import Runner, default_batch
from uncloak.attacks.merging import merge_back
from uncloak.attacks.methods import fawkes_v03, fawkes_v10, lowkey
from uncloak.attacks.perturb import perturb, perturb_record, read_options, settings, settings_of
from uncloak.attacks.preparation import prepare
from uncloak.errors import InputError
from uncloak.progress import track
from uncloak.records.attacks import Method
from uncloak.records.reading import read
from uncloak.seeds import derive_seed

SMALL_RUNS = {
    "lowkey": {"steps": 6, "perceptual": "dssim", "perceptual_weight": 10.0},
    "fawkes_v10": {"steps": 8},
    "fawkes_v03": {"steps": 8, "mode": "low"},
    "pgd": {"steps": 6},
}
SEEDED = ("lowkey", "pgd")


@pytest.fixture
def fake(monkeypatch):
    """Put `attack` in LowKey's place."""

    def put(attack):
        monkeypatch.setattr(lowkey, "attack", attack)

    return put


def run_fake(faces: np.ndarray, surrogates: list, **arguments) -> np.ndarray:
    names = [f"a/{row}" for row in range(len(faces))]
    return perturb(faces, names, "lowkey", SMALL_RUNS["lowkey"], surrogates, 9, **arguments)


# --- What a picture's bytes depend on -------------------------------------------------------------------------------


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("attack", SMALL_RUNS)
def test_bytes_depend_on_nothing_but_the_picture(attack, targeted):
    if attack == "fawkes_v03" and not targeted:
        pytest.skip("Fawkes v0.3 is always targeted")
    faces, targets = smooth_faces(7), smooth_faces(7, seed=5)
    pictures = [f"someone/{k}" for k in range(7)]
    network = small_network(4)

    def run(rows, seed=3, others=faces):
        names = [pictures[row] for row in rows]
        aims = targets[rows] if targeted else None
        return perturb(others[rows], names, attack, SMALL_RUNS[attack], [network], seed, batch_size=4, targets=aims)

    whole = run(list(range(7)))
    assert whole.dtype == np.uint8
    assert whole.shape == faces.shape
    assert (np.abs(whole.astype(int) - faces).max(axis=(1, 2, 3)) > 0).all()
    order = [6, 2, 5, 0, 3, 1, 4]
    np.testing.assert_array_equal(run(order), whole[order])
    np.testing.assert_array_equal(run([5]), whole[5:6])
    np.testing.assert_array_equal(run([1, 3, 6]), whole[[1, 3, 6]])
    shards = [list(range(7))[part::3] for part in range(3)]
    np.testing.assert_array_equal(np.concatenate([run(rows) for rows in shards]), whole[np.concatenate(shards)])
    changed = smooth_faces(7, seed=8)
    changed[2] = faces[2]
    np.testing.assert_array_equal(run(list(range(7)), others=changed)[2], whole[2])
    assert (run([5], seed=4) != whole[5:6]).any() == (attack in SEEDED)


@pytest.mark.parametrize("attack", SMALL_RUNS)
def test_number_of_processes_does_not_change_a_byte(attack):
    faces, targets, network = smooth_faces(7), smooth_faces(7, seed=5), small_network(4)
    names = [f"a/{row}" for row in range(7)]

    def run(workers, batch_size):
        return perturb(
            faces, names, attack, SMALL_RUNS[attack], [network], 3, batch_size, targets=targets, workers=workers
        )

    for batch_size in (1, 2):
        alone = run(1, batch_size)
        for workers in (2, 3, 8):
            np.testing.assert_array_equal(run(workers, batch_size), alone)


def test_processes_share_the_batches_but_not_a_gpu_nor_a_compiler(fake):
    fake(lambda pictures, *_, **__: torch.full_like(pictures, (os.getpid() % 251 + 0.5) / 255))
    found = run_fake(smooth_faces(4), [small_network(1)], batch_size=1, workers=2)
    assert os.getpid() % 251 not in np.unique(found)
    options = lowkey.Options(**SMALL_RUNS["lowkey"])
    runners = [
        Runner("lowkey", lowkey, options, [small_network(1)], 0, device, "float32", compile)
        for device, compile in (("cpu", False), ("meta", False), ("cpu", True))
    ]
    assert [run.workers(8) for run in runners] == [8, 1, 1]


@pytest.mark.parametrize(
    ("side", "batch"), [(32, 32), (64, 16), (80, 8), (112, 4), (128, 4), (160, 2), (224, 1), (600, 1)]
)
def test_batch_that_nobody_chose_depends_on_the_size_of_the_pictures_alone(fake, side, batch):
    assert default_batch(side, "cpu") == batch
    assert default_batch(side, "cuda") == 32
    seen = []

    def attack(pictures, *_, **__):
        seen.append(len(pictures))
        return pictures

    fake(attack)
    run_fake(smooth_faces(batch + 1, side), [small_network(1)])
    assert seen == [batch, batch]


@pytest.mark.parametrize("attack", ["lowkey", "fawkes_v10", "pgd"])
def test_threads_of_the_caller_do_not_change_a_byte(attack):
    # Large enough for PyTorch to share the work among threads.
    faces, network = smooth_faces(4, 96), small_network(4)
    names = ["a/0", "a/1", "a/2", "a/3"]
    results, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(perturb(faces, names, attack, SMALL_RUNS[attack], [network], 0, batch_size=4))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_one_thread_computes_and_the_callers_number_comes_back(fake):
    seen = []

    def attack(pictures, surrogates, options, seeds, *, targets, view, track):
        seen.append(torch.get_num_threads())
        return pictures * math.nan if len(seen) > 1 else pictures

    fake(attack)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run_fake(smooth_faces(1), [small_network(1)])
        with pytest.raises(InputError):
            run_fake(smooth_faces(1), [small_network(1)])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1]


# --- What is passed on ----------------------------------------------------------------------------------------------


def test_perturb_passes_seeds_and_pictures_and_truncates(fake):
    seen = {}

    def attack(pictures, surrogates, options, seeds, *, targets, view, track):
        seen.update(pictures=pictures, options=options, seeds=seeds, targets=targets, view=view)
        return (pictures + 0.9 / 255).clamp(0, 1)

    fake(attack)
    faces = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    aims = faces[:, ::-1].copy()
    result = run_fake(faces, [small_network(1)], batch_size=2, targets=aims)
    np.testing.assert_array_equal(result, faces)
    assert seen["seeds"] == [derive_seed(9, "lowkey", "a/0")] * 2
    assert seen["options"] == lowkey.Options(**SMALL_RUNS["lowkey"])
    assert seen["view"] is None
    for name, values in (("pictures", faces), ("targets", aims)):
        assert seen[name].shape == (2, 3, 16, 16)
        assert seen[name].is_contiguous()
        torch.testing.assert_close(seen[name][0], floats(values, torch.float32)[0], atol=1e-7, rtol=0)


def test_every_grey_level_comes_back(fake):
    fake(lambda pictures, *_, **__: pictures)
    faces = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    np.testing.assert_array_equal(run_fake(faces, [small_network(1)]), faces)


def test_surrogates_are_passed_on_as_listed_with_their_architecture(fake):
    seen = []

    def attack(pictures, surrogates, options, seeds, *, targets, view, track):
        seen.extend(surrogates)
        return pictures

    fake(attack)
    same, alike, other = small_network(1), small_network(2), small_network(3, dimensions=8)
    pool, flat = torch.nn.AvgPool2d(4), torch.nn.Flatten()
    plain = [torch.nn.Sequential(pool, flat), torch.nn.Sequential(flat), lambda faces: faces.flatten(1)]
    run_fake(smooth_faces(1), [same, other, same, alike, *plain], precision="float32")
    assert seen[0] is seen[2]
    assert len({id(surrogate) for surrogate in seen}) == 6
    kinds = [surrogate.architecture for surrogate in seen]
    assert kinds[0] == kinds[3] != kinds[1]
    # What has no parameters is alike to nothing.
    assert len(set(kinds)) == 5
    faces = floats(smooth_faces(3), torch.float32)
    torch.testing.assert_close(seen[3](faces), alike(faces), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen[6](faces), plain[2](faces))


def test_bfloat16_stays_close():
    faces = smooth_faces(3)
    arguments = (faces, ["a/0", "a/1", "a/2"], "lowkey", SMALL_RUNS["lowkey"], [small_network(1)], 0)
    exact, rough = (perturb(*arguments, batch_size=3, precision=name) for name in ("float32", "bfloat16"))
    assert 0.5 < (exact == rough).mean() < 1
    assert np.abs(exact.astype(int) - rough).max() <= 2 * (5 + 255 * 6 * 0.0025)
    with pytest.raises(InputError, match="precision"):
        perturb(*arguments, precision="float16")


@pytest.mark.slow
def test_compiled_surrogates_give_the_same_attack_up_to_rounding(monkeypatch, tmp_path):
    # What was compiled while the processor counted as another is no use here.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    compiled, compile_really = [], torch.compile

    def compile_and_count(model, **options):
        compiled.append(model)
        return compile_really(model, **options)

    monkeypatch.setattr(torch, "compile", compile_and_count)
    network = small_network(1)
    options = {"steps": 2, "perceptual": "dssim"}
    arguments = (smooth_faces(3), ["a/0", "a/1", "a/2"], "lowkey", options, [network, network], 0)
    plain = perturb(*arguments, batch_size=2, precision="float32")
    assert compiled == []
    result = perturb(*arguments, batch_size=2, compile=True, precision="float32")
    assert len(compiled) == 1
    assert (result == plain).mean() > 0.99
    assert np.abs(result.astype(int) - plain).max() <= 2


# --- Progress -------------------------------------------------------------------------------------------------------


def test_log_counts_pictures_within_a_batch(fake, monkeypatch, caplog):
    def attack(pictures, surrogates, options, seeds, *, targets, view, track):
        for _ in track(range(8)):
            clock[0] += 5
        return pictures

    fake(attack)
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with caplog.at_level(logging.INFO, logger="uncloak"):
        run_fake(smooth_faces(6), [small_network(1)], batch_size=4)
    lines = [record.getMessage() for record in caplog.records if record.name == "uncloak.progress"]
    assert lines == [
        # 40 seconds a batch of 4, then one of 2 that is filled up and takes as long.
        "lowkey: 1 of 6 pictures, 0.1 per second, 50 s left",
        "lowkey: 2 of 6 pictures, 0.1 per second, 40 s left",
        "lowkey: 3 of 6 pictures, 0.1 per second, 30 s left",
        "lowkey: 4 of 6 pictures, 0.1 per second, 20 s left",
        "lowkey: 4.5 of 6 pictures, 0.09 per second, 17 s left",
        "lowkey: 5 of 6 pictures, 0.0833 per second, 12 s left",
        "lowkey: 5.5 of 6 pictures, 0.0786 per second, 6 s left",
        "lowkey: 6 of 6 pictures, 0.075 per second, 0 s left",
    ]


def test_track_tells_at_most_every_ten_seconds_and_at_the_end(monkeypatch, caplog):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    seen = []
    with caplog.at_level(logging.INFO, logger="uncloak"):
        for item in track("abcdefg", 20, "reading", unit="files", weight=3):
            clock[0] += 4
            seen.append(item)
    assert "".join(seen) == "abcdefg"
    assert caplog.messages == [
        "reading: 9 of 20 files, 0.75 per second, 15 s left",
        "reading: 18 of 20 files, 0.75 per second, 3 s left",
        "reading: 20 of 20 files, 0.714 per second, 0 s left",
    ]


# --- Bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", SMALL_RUNS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_useless_surrogate_is_named_with_the_picture(attack, value):
    useful = small_network(2)

    def surrogate(faces):
        embeddings = small_network(1)(faces)
        return torch.where(faces.mean(dim=(1, 2, 3))[:, None] < 0.1, torch.full_like(embeddings, value), embeddings)

    faces, targets = smooth_faces(3), smooth_faces(3, seed=1)
    faces[1] = 0
    names = ["b/0", "b/1", "b/2"]
    arguments = (names, attack, SMALL_RUNS[attack], [useful, useful, surrogate], 0)
    with pytest.raises(InputError, match="surrogate 3 gives NaN or a zero vector for 'b/1'"):
        perturb(faces, *arguments, targets=targets)
    with pytest.raises(InputError, match=r"surrogate 3 gives NaN or a zero vector for 'b/1 \(its target\)'"):
        perturb(targets, *arguments, targets=faces)


@pytest.mark.parametrize("attack", SMALL_RUNS)
def test_gradient_that_is_not_finite_is_named_with_the_picture(attack):
    surrogate = poisoned(small_network(1), lambda gradient: gradient[2::3].fill_(torch.nan))
    arguments = (["c/0", "c/1", "c/2"], attack, SMALL_RUNS[attack], [surrogate], 0)
    with pytest.raises(InputError, match="gradient is not finite for 'c/2'"):
        perturb(smooth_faces(3), *arguments, batch_size=3, targets=smooth_faces(3, seed=1))


@pytest.mark.parametrize("attack", ["lowkey", "fawkes_v10", "fawkes_v03"])
def test_pictures_smaller_than_the_window_of_dssim_are_told(attack):
    faces = smooth_faces(2, 8)
    names = ["a/0", "a/1"]

    def surrogate(faces):
        return faces.flatten(1)

    with pytest.raises(InputError, match="11x11 pixels, got 8x8"):
        perturb(faces, names, attack, SMALL_RUNS[attack], [surrogate], 0, targets=smooth_faces(2, 8, seed=1))


@pytest.mark.parametrize(
    ("attack", "options", "message"),
    [
        ("lowkey", {"step": 3}, "unknown option 'step'.*steps"),
        ("lowkey", {"steps": 3.5}, "'steps' is 3.5.*int"),
        ("lowkey", {"steps": True, "perceptual": "dssim"}, "'steps' is True"),
        ("lowkey", {"steps": 0, "perceptual": "dssim"}, "at least 1"),
        ("lowkey", {"noise": "much"}, "'noise' is 'much'.*float"),
        ("lowkey", {"smoothing": 1}, "'smoothing' is 1.*bool"),
        ("lowkey", {"perceptual": "l2"}, "choose from lpips, stlpips, dssim"),
        ("lowkey", {}, "needs 'alexnet'"),
        ("fawkes_v10", {"mode": "ultra"}, "choose from low, mid, high"),
        ("fawkes_v10", {"th": -1}, "th is -1"),
        ("fawkes_v03", {"steps": 2}, "at least 3"),
        ("fawkes_v03", {"lr": float("nan")}, "lr is nan"),
        ("pgd", {"epsilon": 0}, "epsilon is 0"),
        ("dssim", {}, "'dssim' is no attack"),
        ("folkes", {}, "'folkes' is no attack"),
        ("low.key", {}, "'low.key' is no attack"),
    ],
)
def test_wrong_options_are_told(attack, options, message):
    with pytest.raises(InputError, match=message):
        read_options(attack, options)
    with pytest.raises(InputError, match=message):
        settings(attack, options)


def test_right_options_are_read():
    assert read_options("fawkes_v10", {"th": 1, "steps": None}) == fawkes_v10.Options(th=1.0)
    assert read_options("lowkey", {"perceptual": "dssim", "perceptual_weight": 10}).perceptual_weight == 10.0


def test_options_may_be_one_of_some_words_or_several_numbers(monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class Options:
        norm: Literal["l2", "linf"] = "linf"
        scales: tuple[float, ...] = (1.0,)
        aim: Literal["near", "far"] | None = None

    method = ModuleType("uncloak.attacks.methods.scaled")
    method.Options, method.attack = Options, lambda *_: None
    monkeypatch.setitem(sys.modules, method.__name__, method)
    given = {"norm": "l2", "scales": (0.5, 1.0), "aim": "far"}
    assert read_options("scaled", given) == Options(**given)
    assert settings("scaled", given) == given


def test_settings_tell_every_choice():
    high = settings("fawkes_v10", {})
    assert high == high | {"mode": "high", "th": 0.017, "steps": 150, "lr": 15.0, "penalty": 1e6}
    low = settings("fawkes_v03", {"mode": "low", "lr": 3})
    assert low == low | {"mode": "low", "th": 0.003, "steps": 50, "lr": 3.0, "penalty": 1e9}
    assert {field.name for field in dataclasses.fields(fawkes_v10.Options)} == set(high)
    assert {field.name for field in dataclasses.fields(fawkes_v03.Options)} == set(low)
    file = settings("lowkey", {"alexnet": "/somewhere/alexnet.pth", "steps": 20})
    assert file == file | {"steps": 20, "step_size": 0.0025, "perceptual": "lpips", "perceptual_weight": 0.05}
    assert "alexnet" not in file


def test_a_record_is_perturbed_as_its_options_say():
    """Called as from a notebook: prepared, with all that the record leaves to the defaults."""
    options, faces, targets = SMALL_RUNS["pgd"], smooth_faces(3, 24), smooth_faces(3, 24, seed=5)
    values = {"method": "pgd", "surrogates": ["one"], "options": options, "preparation": {"size": SIZE}, "batch": 2}
    record, network, names = read(Method, values), small_network(4), ["a/0", "a/1", "b/0"]
    perturbed = perturb_record(record, faces, names, [network], 3, targets=targets)
    assert perturbed.clean.shape == perturbed.faces.shape == (3, SIZE, SIZE, 3)
    clean, aims = (prepare(each, record.preparation) for each in (faces, targets))
    np.testing.assert_array_equal(perturbed.clean, clean)
    expected = perturb(clean, names, "pgd", options, [network], 3, batch_size=2, targets=aims)
    np.testing.assert_array_equal(perturbed.faces, expected)
    assert settings_of(record) == settings("pgd", options)


def test_an_attack_works_at_its_size_and_the_face_keeps_its_own():
    """The cloak of the smaller face is merged back, and what is measured is told of the faces of the dataset."""
    options, faces, targets = SMALL_RUNS["pgd"], smooth_faces(3, 44), smooth_faces(3, 44, seed=5)
    values = {"method": "pgd", "surrogates": ["one"], "options": options}
    record = read(Method, {**values, "preparation": {"size": SIZE, "merge": "clean"}, "batch": 2})
    network, names = small_network(4), ["a/0", "a/1", "b/0"]
    perturbed = perturb_record(record, faces, names, [network], 3, targets=targets)
    small, aims = (prepare(each, record.preparation) for each in (faces, targets))
    cloaked = perturb(small, names, "pgd", options, [network], 3, batch_size=2, targets=aims)
    np.testing.assert_array_equal(perturbed.faces, merge_back(faces, small, cloaked, record.preparation))
    np.testing.assert_array_equal(perturbed.clean, faces)
    assert (perturbed.faces != faces).any(axis=(1, 2, 3)).all()
    assert np.abs(perturbed.faces.astype(int) - faces).max() < 80


def test_wrong_arrays_are_told():
    faces, network = smooth_faces(2), small_network(1)
    run = SMALL_RUNS["fawkes_v03"]
    with pytest.raises(InputError, match="target"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [network], 0)
    with pytest.raises(InputError, match="targets"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [network], 0, targets=faces[:1])
    with pytest.raises(InputError, match=rf"targets are \({SIZE - 4}, {SIZE - 4}\) pixels"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [network], 0, targets=smooth_faces(2, SIZE - 4))
    with pytest.raises(InputError, match="2 for 1 pictures"):
        perturb(faces, ["a/1"], "fawkes_v03", run, [network], 0, targets=faces)
    with pytest.raises(InputError, match="uint8"):
        perturb(faces / 255, ["a/1", "a/2"], "fawkes_v03", run, [network], 0)
    with pytest.raises(InputError, match="no surrogate"):
        perturb(faces, ["a/1", "a/2"], "fawkes_v03", run, [], 0)
    with pytest.raises(InputError, match="batch_size is 0"):
        perturb(faces, ["a/1", "a/2"], "lowkey", SMALL_RUNS["lowkey"], [network], 0, batch_size=0)
