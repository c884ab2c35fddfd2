"""The float32 pass and the exact search behind it, against every distance written out."""

import numpy as np
import pytest
from close_embeddings import EXACT, GALLERY, clusters, duplicates, full_matrix, lattice, near_ties, offset, wide

from uncloak.errors import InputError
from uncloak.recognition.distances import FloatPass
from uncloak.recognition.nearest import Gallery

OWNERS = np.repeat(list("abcdefghij"), GALLERY)


def gallery_and_probes(make, seed):
    _, clean, _ = make(np.random.default_rng(seed))
    faces = np.float32(clean)
    return faces[: len(OWNERS)], faces[len(OWNERS) :]


@pytest.mark.parametrize(("make", "metric"), EXACT)
def test_pass_keeps_its_error_bound(make, metric):
    gallery, probes = gallery_and_probes(make, 3)
    exact = full_matrix(probes, gallery, metric)
    faces = FloatPass(gallery, metric)
    squared, norms = faces.squared(probes)
    bound = np.array([faces.error_bound(norm) for norm in norms])
    assert squared.dtype == np.float32
    assert (np.abs(squared - exact) <= bound).all()
    if make in (clusters, offset, wide):
        # A bound that says nothing would pass, too.
        assert (bound <= 2e-3 * np.median(exact)).all()


def test_near_ties_are_beyond_float32():
    # The near ties would be decided wrongly by the pass alone.
    wrong = 0
    for seed in range(4):
        gallery, probes = gallery_and_probes(near_ties, seed)
        exact = full_matrix(probes, gallery, "euclidean")
        wrong += np.count_nonzero(FloatPass(gallery, "euclidean").squared(probes)[0].argmin(axis=1) != exact.argmin(1))
    assert wrong > 0


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("make", [clusters, duplicates, near_ties, lattice, wide])
def test_rivals_are_those_of_a_full_search(make, metric):
    gallery, probes = gallery_and_probes(make, 5)
    squared = full_matrix(probes, gallery, metric)
    for own, count in ((3, 1), (3, 4), (-1, 4), (0, 60)):
        expected = [[], [], [], []]
        for row in squared:
            faces = sorted((value, face) for face, value in enumerate(row) if face // GALLERY != own)
            identities = sorted((row[i * GALLERY :][:GALLERY].min(), i) for i in range(10) if i != own)
            for results, found in ((expected[:2], identities), (expected[2:], faces)):
                padded = (found + [(np.inf, -1)] * count)[:count]
                results[0].append([value for value, _ in padded])
                results[1].append([place for _, place in padded])
        # Also of a gallery in slices, and with one number for each probe.
        for block, most, own_of in ((1, None, own), (5, 1, own), (1000, 2 * GALLERY, np.full(len(probes), own))):
            found = Gallery(gallery, OWNERS, metric, most).rivals(probes, own_of, count, block)
            results = found.squared, found.identity, found.face_squared, found.face
            for result, right in zip(results, expected, strict=True):
                np.testing.assert_array_equal(result, right)


def test_alone_in_the_gallery_there_is_no_rival():
    gallery, probes = gallery_and_probes(clusters, 0)
    found = Gallery(gallery[:GALLERY], OWNERS[:GALLERY], "euclidean").rivals(probes, 0, 2)
    for squared, places in ((found.squared, found.identity), (found.face_squared, found.face)):
        assert np.isinf(squared).all()
        assert (places == -1).all()


def test_refuses_what_it_cannot_compare():
    gallery, probes = gallery_and_probes(clusters, 0)
    with pytest.raises(InputError, match="metric 'manhattan' is not known; choose one of euclidean, cosine"):
        Gallery(gallery, OWNERS, "manhattan")
    with pytest.raises(InputError, match="probes have 23 dimensions and gallery faces 24"):
        Gallery(gallery, OWNERS, "euclidean").rivals(probes[:, 1:], 0, 1)
    with pytest.raises(InputError, match="too large for float32"):
        Gallery(gallery * np.float32(1e25), OWNERS, "euclidean").rivals(probes, 0, 1)
