"""Pictures that are perturbed one at a time: which, whether they come out as ever, and what is counted of the time."""

import time
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from reference_computations import SIZE, small_network, smooth_faces

from uncloak.attacks import timing
from uncloak.attacks.batch import Runner
from uncloak.attacks.perturb import perturb
from uncloak.attacks.photographs import perturb_record
from uncloak.attacks.preparation import prepare
from uncloak.errors import InputError
from uncloak.pictures.landmarks import template
from uncloak.pictures.photographs import Photographs
from uncloak.records.attacks import Method
from uncloak.records.reading import read

PICTURES = np.array(["b/2", "a/1", "a/3", "b/1", "c/1", "a/2"])
OPTIONS = {
    "lowkey": {"steps": 4, "perceptual": "dssim", "perceptual_weight": 10.0},
    "fawkes_v10": {"steps": 5},
    "fawkes_v03": {"steps": 6, "mode": "low"},
}


def record(method, **more):
    attack = {"method": method, "label": "L", "released": "2021-01-01", "surrogates": ["x"], "options": OPTIONS[method]}
    if method == "fawkes_v03":
        attack["targets"] = {"dataset": "background", "people": 2, "pictures": 1}
    return read(Method, {**attack, "precision": "float32", **more})


def test_users_give_a_picture_in_turn():
    assert timing.in_turn(PICTURES, 2).tolist() == ["a/1", "b/1"]
    assert timing.in_turn(PICTURES, 5).tolist() == ["a/1", "b/1", "c/1", "a/2", "b/2"]
    assert timing.in_turn(PICTURES, 6).tolist()[-1] == "a/3"


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (PICTURES[[1, 2, 5]], "cost: times are a mean over two users at least, and there is 1; give the split more"),
        (PICTURES[:0], "there is 0"),
        (PICTURES[:2], "cost: 3 pictures are to be timed, and the users have 2; lower `pictures`"),
    ],
)
def test_too_few_users_or_pictures_are_told(pictures, message):
    with pytest.raises(InputError, match=message):
        timing.in_turn(pictures, 3)


@pytest.mark.parametrize("size", [None, 32])
@pytest.mark.parametrize("method", OPTIONS)
def test_faces_come_out_as_they_do_together(method, size, monkeypatch):
    seen, run = [], Runner.__call__

    def watched(self, pictures, *arguments, **named):
        seen.append((len(pictures), self._compiled))
        return run(self, pictures, *arguments, **named)

    monkeypatch.setattr(Runner, "__call__", watched)
    faces, targets, network = smooth_faces(3), smooth_faces(3, seed=5), small_network(4)
    aims = targets if method == "fawkes_v03" else None
    attack = record(method, batch=4, compile=True, **({"preparation": {"size": size}} if size else {}))
    times, posted = timing.time_faces(attack, faces, PICTURES[:3], [network], 9, targets=aims, device="cpu")
    # One for warming up, and none in company, for which a batch is filled up with copies.
    assert seen == [(1, False)] * 4
    faces, targets = (prepare(each, attack.preparation) for each in (faces, targets))
    whole = perturb(
        faces, PICTURES[:3], method, OPTIONS[method], [network], 9, 1, aims if aims is None else targets,
        precision="float32",
    )  # fmt: skip
    np.testing.assert_array_equal(posted, whole)
    assert (posted != faces).any()
    assert times["picture"].tolist() == PICTURES[:3].tolist()
    assert (times[["seconds", "cpu_seconds"]] > 0).all(axis=None)
    assert set(times["pixels"]) == {(size or SIZE) ** 2}
    assert set(times["steps"]) == {OPTIONS[method]["steps"]}


def test_photographs_come_out_as_they_do_together(tmp_path):
    random = np.random.default_rng(3)
    files = [tmp_path / f"{row}.png" for row in range(2)]
    for row, file in enumerate(files):
        coarse = Image.fromarray(random.integers(30, 226, (6, 8 + row, 3), dtype=np.uint8))
        coarse.resize((40 + 8 * row, 36), Image.Resampling.BICUBIC).save(file)
    shown = Photographs(["a/1", "b/1"], files, np.stack([template(32)] * 2), 32)
    attack = record("lowkey", photograph={}, options={**OPTIONS["lowkey"], "perceptual_weight": 1e-5})
    networks = [small_network(1)]
    times = timing.time_photographs(attack, shown, tmp_path / "alone", networks, 9)
    table = perturb_record(attack, shown, tmp_path / "together", networks, 9)
    for path, file in zip(table["path"], files, strict=True):
        assert (tmp_path / "alone" / path).read_bytes() == (tmp_path / "together" / path).read_bytes()
        assert (np.asarray(Image.open(tmp_path / "alone" / path)) != np.asarray(Image.open(file))).any()
    assert times["picture"].tolist() == ["a/1", "b/1"]
    assert times["pixels"].tolist() == [36 * 40, 36 * 48]
    assert set(times["steps"]) == {4}


def test_each_picture_has_its_own_time_and_the_first_one_of_all_does_not_count(monkeypatch):
    clock, cpu, lasting, calls = [0.0], [0.0], iter([100, 1, 2, 4]), []
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(time, "process_time", lambda: cpu[0])

    def cloak(rows):
        calls.append(rows)
        seconds = next(lasting)
        clock[0] += seconds
        cpu[0] += seconds / 4
        return rows.start

    times, results = timing.one_at_a_time(cloak, PICTURES[:3])
    assert calls == [slice(0, 1), *(slice(*ends) for ends in pairwise(range(4)))]
    assert results == [0, 1, 2]
    assert times["seconds"].tolist() == [1, 2, 4]
    assert times["cpu_seconds"].tolist() == [0.25, 0.5, 1]
