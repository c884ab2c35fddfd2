"""Comparisons against distances written out one by one, and what thresholds may not see."""

import dataclasses
import math
import re

import numpy as np
import pytest
from close_embeddings import (
    EXACT,
    GALLERY,
    POSTINGS,
    PROBES,
    clusters,
    duplicates,
    full_matrix,
    in_gallery_order,
    lattice,
    records,
)

from uncloak.errors import InputError
from uncloak.recognition.comparing import compare
from uncloak.recognition.comparisons import FALSE_ACCEPT_RATES, NEAREST, read_comparisons, write_comparisons
from uncloak.recognition.embeddings import Embeddings
from uncloak.store import read_attributes, write_arrays


def same(one, other):
    """Say field by field whether two comparisons are equal to the bit."""
    for field in dataclasses.fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "posted":
            assert list(left) == list(right)
            left, right = (np.concatenate([*value.values()]) for value in (left, right))
        yield field.name, np.array_equal(left, right, equal_nan=field.name == "false_accept_squared")


@pytest.mark.parametrize(("make", "metric"), [*EXACT, (lattice, "euclidean"), (lattice, "cosine")])
def test_equals_a_full_search(make, metric):
    split, clean, attacked = records(make(np.random.default_rng(8)))
    found = compare(clean, attacked, split, metric)
    gallery, probes = in_gallery_order(split)
    owners = gallery["identity"].to_numpy()
    names = sorted(set(owners))
    assert found.identities.tolist() == names
    assert list(found.postings) == POSTINGS

    users = probes[probes["role"] == "user"]
    assert found.probe.tolist() == users["picture"].tolist()
    assert found.user.tolist() == users["identity"].tolist()
    squared = full_matrix(clean.rows(users["picture"]), clean.rows(gallery["picture"]), metric)
    for row, user in enumerate(found.user):
        pictures = sorted(
            (value, names.index(owner)) for value, owner in zip(squared[row], owners, strict=True) if owner != user
        )
        identities = sorted((squared[row, owners == name].min(), names.index(name)) for name in names if name != user)
        assert names[found.own[row]] == user
        for values, places, right in (
            (found.rival_squared[row], found.rival[row], identities),
            (found.rival_picture_squared[row], found.rival_picture[row], pictures),
        ):
            padded = (right + [(np.inf, -1)] * NEAREST)[:NEAREST]
            assert list(zip(values, places, strict=True)) == padded

        posted = sorted(gallery.loc[gallery["identity"] == user, "picture"])
        assert found.posted[user].tolist() == posted
        for column, posting in enumerate(found.postings):
            faces = attacked.get(posting, clean).rows(posted)
            probe = clean.rows([found.probe[row]])
            np.testing.assert_array_equal(found.own_squared[row, column], full_matrix(probe, faces, metric)[0])


def impostors(split, clean):
    """Return every other probe's squared distance to each identity that is no user, with float64's precision."""
    gallery, probes = in_gallery_order(split[split["role"] != "user"])
    squared = full_matrix(clean.rows(probes["picture"]), clean.rows(gallery["picture"]), "euclidean")
    names = sorted(set(gallery["identity"]))
    nearest = np.array([[row[gallery["identity"] == name].min() for name in names] for row in squared])
    return probes, np.array(names), nearest


def test_others_are_compared_among_themselves():
    split, clean, attacked = records(clusters(np.random.default_rng(3)))
    found = compare(clean, attacked, split, "euclidean")
    probes, names, nearest = impostors(split, clean)
    own = probes["identity"].to_numpy()[:, None] == names
    np.testing.assert_allclose(found.other_own_squared, nearest[own], rtol=1e-4)
    rivals = np.where(own, np.inf, nearest)
    np.testing.assert_allclose(found.other_rival_squared, rivals.min(axis=1), rtol=1e-4)
    gallery, _ = in_gallery_order(split)
    for column, user in enumerate(found.posted):
        faces = clean.rows(gallery.loc[gallery["identity"] == user, "picture"])
        squared = full_matrix(clean.rows(probes["picture"]), faces, "euclidean")
        np.testing.assert_allclose(found.other_user_squared[:, column], squared.min(axis=1), rtol=1e-4)


def test_thresholds_keep_the_false_accept_rate(monkeypatch):
    rates = (0.3, 0.1, 1e-2, 1e-3)
    monkeypatch.setattr("uncloak.recognition.comparing.FALSE_ACCEPT_RATES", rates)
    for seed in range(3):
        split, clean, attacked = records(clusters(np.random.default_rng(seed)))
        found = compare(clean, attacked, split, "euclidean")
        probes, names, nearest = impostors(split, clean)
        strangers = probes["identity"].to_numpy()[:, None] != names
        gallery, _ = in_gallery_order(split)
        to_users = {
            user: full_matrix(clean.rows(probes["picture"]), clean.rows(own["picture"]), "euclidean").min(axis=1)
            for user, own in gallery[gallery["role"] == "user"].groupby("identity")
        }
        for place, user in enumerate(found.posted):
            others = [to_users[other] for other in to_users if other != user]
            scores = np.sort(np.concatenate([nearest[strangers], *others]))
            assert found.impostors[place] == len(scores)
            for rate, threshold in zip(rates, found.false_accept_squared[place], strict=True):
                assert threshold == pytest.approx(scores[math.floor(rate * len(scores) + 1e-9)], rel=1e-4)
        assert found.gallery_size.tolist() == found.drawn_size.tolist() == [GALLERY] * len(found.posted)
    assert tuple(found.false_accept_rates) == rates
    assert rates[2:] == FALSE_ACCEPT_RATES


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_thresholds_read_no_picture_of_the_user(metric):
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    before = compare(clean, attacked, split, metric)
    values = clean.embedding.copy()
    user = list(before.posted)[2]
    moved = (split["identity"] == user).to_numpy()
    values[moved] = 5 * np.random.default_rng(1).standard_normal(values[moved].shape) + 2
    after = compare(Embeddings(values, split["picture"], "clean"), attacked, split, metric)
    for name, equal in same(before, after):
        if name in ("other_own_squared", "other_rival_squared", "impostors"):
            assert equal, name
    np.testing.assert_allclose(after.false_accept_squared[2], before.false_accept_squared[2], rtol=1e-4)
    assert not np.allclose(after.false_accept_squared[3], before.false_accept_squared[3], rtol=1e-4)
    assert not np.array_equal(before.rival_squared, after.rival_squared)


def test_no_other_identities():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    found = compare(clean, attacked, split[split["role"].isin(["user", "background"])], "euclidean")
    assert len(found.other_own_squared) == len(found.other_rival_squared) == 0
    assert np.isnan(found.false_accept_squared).all()
    # One identity alone has no impostor, and one without gallery faces is not found.
    z = split["identity"].isin(["z", "s b"])
    found = compare(clean, attacked, split[z], "euclidean")
    assert np.isnan(found.false_accept_squared).all()
    assert np.isfinite(found.other_own_squared).all()
    assert np.isinf(found.other_rival_squared).all()
    found = compare(clean, attacked, split[z & ((split["identity"] == "z") | (split["part"] == "probe"))], "euclidean")
    assert len(found.other_own_squared) == PROBES
    assert np.isinf(found.other_own_squared).all()


@pytest.mark.parametrize("make", [clusters, duplicates, lattice])
def test_rows_and_sources_in_any_order(make):
    split, clean, attacked = records(make(np.random.default_rng(2)))
    order = np.random.default_rng(0).permutation(len(split))
    shuffled = Embeddings(clean.embedding[order], split["picture"].to_numpy()[order], "clean")
    again = compare(shuffled, dict(reversed(attacked.items())), split.sample(frac=1, random_state=3), "euclidean")
    assert all(equal for _, equal in same(compare(clean, attacked, split, "euclidean"), again))


def test_is_written_and_read(tmp_path):
    split, clean, attacked = records(clusters(np.random.default_rng(2)))
    # A user with fewer pictures than the others, and no threshold.
    for name, rows in (("fewer", split["picture"] != "z/02"), ("alone", split["role"] == "user")):
        found = compare(clean, attacked, split[rows], "cosine")
        path, again = tmp_path / f"{name}.h5", tmp_path / f"{name}_again.h5"
        write_comparisons(path, found, {"extractor": "e"})
        write_comparisons(again, read_comparisons(path), {"extractor": "e"})
        assert all(equal for _, equal in same(found, read_comparisons(path)))
        assert path.read_bytes() == again.read_bytes()
        assert read_attributes(path) == {"extractor": "e", "metric": "cosine"}
    assert found.metric == "cosine"
    with pytest.raises(InputError, match=r"absent\.h5: no such file"):
        read_comparisons(tmp_path / "absent.h5")
    write_arrays(tmp_path / "other.h5", {"identities": np.array(["a"])}, {})
    with pytest.raises(InputError, match=re.escape("other.h5: has no array 'probe'; delete it and run again")):
        read_comparisons(tmp_path / "other.h5")


def test_fewer_pictures_are_padded():
    split, clean, attacked = records(clusters(np.random.default_rng(2)))
    found = compare(clean, attacked, split[split["picture"] != "z/02"], "euclidean")
    missing = np.isinf(found.own_squared)
    assert missing[found.user == "z", :, -1].all()
    assert missing.sum() == PROBES * len(POSTINGS)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_probes_may_be_treated_otherwise_than_scraped_faces(metric):
    split, clean, attacked = records(clusters(np.random.default_rng(5)))
    _, treated, _ = records(clusters(np.random.default_rng(6)))
    # One set of embeddings, treated but for the probes, is the same to whoever compares.
    is_probe = split["part"].eq("probe").to_numpy()[:, None]
    together = Embeddings(np.where(is_probe, clean.embedding, treated.embedding), split["picture"], "together")
    found = compare(treated, attacked, split, metric, clean)
    assert [name for name, equal in same(compare(together, attacked, split, metric), found) if not equal] == []
    # Of probes nothing else is asked, and of the gallery nothing but its faces.
    probes, gallery = (
        Embeddings(each.embedding[rows], split["picture"][rows], "part")
        for each, rows in ((clean, is_probe[:, 0]), (treated, ~is_probe[:, 0]))
    )
    assert [name for name, equal in same(compare(gallery, attacked, split, metric, probes), found) if not equal] == []
    assert not np.array_equal(found.own_squared, compare(treated, attacked, split, metric).own_squared)
    itself = compare(clean, attacked, split, metric, clean)
    assert [name for name, equal in same(compare(clean, attacked, split, metric), itself) if not equal] == []


def test_probes_that_do_not_fit_are_told():
    split, clean, attacked = records(clusters(np.random.default_rng(5)))
    few = Embeddings(clean.embedding[:5], split["picture"][:5], "probes.h5")
    with pytest.raises(InputError, match=r"probes.h5: has no embedding of picture '.*' \(.* missing\)"):
        compare(clean, attacked, split, "euclidean", few)
    narrow = Embeddings(clean.embedding[:, :5], split["picture"], "probes.h5")
    with pytest.raises(InputError, match=r"probes.h5: .* have 5 dimensions, those of the gallery 24; take both"):
        compare(clean, attacked, split, "euclidean", narrow)
    zero = Embeddings(0 * clean.embedding, split["picture"], "probes.h5")
    with pytest.raises(InputError, match=r"probes.h5: the embedding of picture .* is zero"):
        compare(clean, attacked, split, "cosine", zero)
