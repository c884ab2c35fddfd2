"""Too little GPU memory, injected: what can be computed in halves goes on to the same result, all else is one line."""

import logging

from uncloak.jobs import logged

import numpy as np
import pytest
import torch
from cloaked_faces import smooth_faces
from small_classifiers import linear

from uncloak.attacks.methods.pgd import Options
from uncloak.attacks.perturb import perturb
from uncloak.defenses import detection
from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.halving import Halving
from uncloak.recognition.tuning import Classifier
from uncloak.transfer import attack as transfer

FACES = smooth_faces(11, seed=1)
NAMES = [f"a/{number}" for number in range(len(FACES))]


class Small(torch.nn.Module):
    """A network on a GPU whose memory is enough for `most` pictures; it counts those that it is asked for."""

    def __init__(self, most, outputs=6):
        super().__init__()
        torch.manual_seed(3)
        self.layer = torch.nn.Linear(3 * 32**2, outputs)
        self.most, self.asked = most, []

    def forward(self, pictures):
        self.asked.append(len(pictures))
        if len(pictures) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return self.layer(pictures.flatten(1))


def test_parts_are_halved_until_they_fit_and_stay_so(caplog):
    asked = []

    def compute(rows):
        asked.append(rows.stop - rows.start)
        if asked[-1] > 3:
            raise torch.OutOfMemoryError("no")
        return list(range(rows.start, rows.stop))

    halved = Halving("counting")
    assert [number for _, part in halved(compute, 10) for number in part] == list(range(10))
    assert asked == [10, 5, 3, 3, 3, 1]
    assert [rows for rows, _ in halved(compute, 5)] == [slice(0, 3), slice(3, 5)]
    assert asked[6:] == [3, 2]
    told = [record.message for record in caplog.records]
    assert [line.split(";")[0] for line in told] == [
        f"counting: the GPU has too little memory for {count} pictures at once" for count in (10, 5)
    ]


def test_one_picture_that_does_not_fit_is_one_line():
    with pytest.raises(InputError, match=r"^embedding: the GPU has too little memory for a single picture; free some"):
        embed(Small(0), FACES)


def test_other_errors_are_not_taken_for_it():
    def fail(rows):
        raise RuntimeError("another")

    with pytest.raises(RuntimeError, match="another"):
        list(Halving("counting")(fail, 4))


def test_embeddings_are_the_same(caplog):
    small = Small(2)
    np.testing.assert_allclose(embed(small, FACES), embed(Small(99), FACES), rtol=0, atol=1e-5)
    assert small.asked == [11, 6, 3, *[2] * 5, 1]
    assert "going on with 2, which gives the same result" in caplog.text


@pytest.mark.parametrize(
    ("method", "options"), [("pgd", {"steps": 4}), ("fawkes_v10", {"steps": 4}), ("lowkey", {"steps": 4})]
)
def test_perturbed_faces_are_the_same(method, options, caplog):
    targets = smooth_faces(11, seed=2)
    if method == "lowkey":
        options = options | {"perceptual": "dssim"}

    def run(most):
        return perturb(FACES, NAMES, method, options, [Small(most)], 5, batch_size=8, targets=targets)

    few, all_at_once = run(3), run(99)
    # A picture's rounding may depend on how many are computed together, and a sign turn.
    assert (few == all_at_once).mean() > 0.99
    assert (few != FACES).mean() > 0.3
    assert f"{method}: the GPU has too little memory for 8 pictures at once; going on with 4" in caplog.text


def test_transferred_pictures_are_the_same(caplog):
    pictures, labels = FACES[:, :8, :8], np.arange(11) % 5
    classifier = linear(1)

    def small(seen):
        if len(seen) > 2:
            raise torch.OutOfMemoryError("no")
        return classifier(seen.double())

    def run(network):
        return transfer.perturb(pictures, labels, NAMES, [network], Options(steps=3), 5, batch=6)

    np.testing.assert_array_equal(run(small), run(lambda seen: classifier(seen.double())))
    assert "transfer: the GPU has too little memory for 6 pictures at once" in caplog.text


def test_what_detectors_and_classifiers_say_is_the_same():
    detectors = [Small(most, outputs=1) for most in (2, 99)]
    for detector in detectors:
        detector.register_forward_hook(lambda module, given, found: found.flatten())
    np.testing.assert_allclose(*(detection.score(each, FACES) for each in detectors), atol=1e-6)
    classifiers = [Classifier(Small(most), torch.nn.Linear(6, 3), np.array(["a", "b", "c"])) for most in (2, 99)]
    classifiers[1].head.load_state_dict(classifiers[0].head.state_dict())
    few, all_at_once = (each.predict(FACES) for each in classifiers)
    assert few.tolist() == all_at_once.tolist()


def test_a_job_that_learns_tells_that_its_batch_does_not_fit(tmp_path, capsys):
    with pytest.raises(SystemExit) as end, logged(tmp_path / "job.log"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: the GPU has too little memory; free some")
    assert "set 'batch' in its record" in line
    logging.getLogger().handlers.clear()
    assert "Tried to allocate 20.00 MiB" in (tmp_path / "job.log").read_text()
