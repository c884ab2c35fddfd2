"""A gallery read in slices gives what one gives that is held whole, and is never held whole."""

import numpy as np
import pytest
from close_embeddings import EXACT

from uncloak.pictures import views
from uncloak.pictures.split import USER
from uncloak.recognition import comparing, slices
from uncloak.recognition.comparing import compare
from uncloak.recognition.comparisons import _GROUPS
from uncloak.recognition.distances import METRICS
from uncloak.recognition.embeddings import Embeddings, read_embeddings
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.slices import of_people
from uncloak.store import write_arrays


def test_slices_hold_whole_people():
    random = np.random.default_rng(0)
    for most in (1, 2, 7, 100, 10_000):
        owners = np.repeat(np.arange(60), random.integers(1, 9, size=60))
        parts = list(of_people(owners, most))
        assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
        assert parts[-1].stop == len(owners)
        for part in parts:
            assert part.stop - part.start <= most or len(set(owners[part])) == 1
            assert part.stop == len(owners) or owners[part.stop - 1] != owners[part.stop]
    assert list(of_people(np.array([], int), 5)) == []


class Counting(views.Stored):
    """Embeddings of a file that remember how many rows were read at once."""

    most = 0

    def read(self, rows):
        Counting.most = max(Counting.most, len(rows))
        return super().read(rows)


@pytest.mark.parametrize(("make", "metric"), [pair for pair in EXACT if pair[1] == METRICS[0]])
def test_comparisons_of_slices_are_those_of_the_whole(make, metric, tmp_path, monkeypatch):
    split, clean, _ = make(np.random.default_rng(2))
    # No user's gallery, and nobody's probes, are more than these.
    crowd = 6
    expected = compare(Embeddings(clean, split["picture"], "clean"), {}, split, metric)
    write_arrays(tmp_path / "clean.h5", {"embedding": np.float32(clean), "picture": split["picture"].to_numpy(str)}, {})
    monkeypatch.setattr(views, "_AT_HAND", 0)
    monkeypatch.setattr(slices, "_FACES", crowd)
    found = compare(read_embeddings(tmp_path / "clean.h5"), {}, split, metric)
    tolerance = 1e-5 * np.square(clean).sum(axis=1).max()  # of float32
    for name in (name for group in _GROUPS for name in group):
        whole, sliced = getattr(expected, name), getattr(found, name)
        if name.startswith("other_") or name == "false_accept_squared":
            np.testing.assert_allclose(sliced, whole, atol=tolerance, err_msg=name)
        else:
            np.testing.assert_array_equal(sliced, whole, err_msg=name)


def test_a_crowd_is_never_held_whole(tmp_path, monkeypatch):
    split, clean, _ = EXACT[0][0](np.random.default_rng(2))
    write_arrays(tmp_path / "clean.h5", {"embedding": np.float32(clean), "picture": split["picture"].to_numpy(str)}, {})
    gallery, probes = gallery_and_probes(split)
    monkeypatch.setattr(views, "_AT_HAND", 0)
    monkeypatch.setattr(views, "Stored", Counting)
    monkeypatch.setattr(slices, "_FACES", 6)
    embeddings = read_embeddings(tmp_path / "clean.h5")
    Counting.most = 0
    comparing.compare(embeddings, {}, split, "euclidean")
    largest = max((part["role"] == USER).sum() for part in (gallery, probes))
    assert 0 < Counting.most <= max(largest, 6)
    assert Counting.most < len(gallery)
