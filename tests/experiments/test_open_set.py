"""Open-set identification against searching the whole gallery, once for each probe and person left out."""

import numpy as np
import pytest
from close_embeddings import POSTINGS, clusters, full_matrix, in_gallery_order, records

from uncloak.errors import InputError
from uncloak.experiments.open_set.measure import FALSE_POSITIVE_RATES, open_set_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS, evaluate

ATTACKS = {"lowkey": {}, "fawkes": {}}
NAMES = {"dataset": "d", "extractor": "e", "seed": 7}


def searches(split, clean, without):
    """Return the distances found by searches for people who are not in the gallery, `without` this user."""
    gallery, probes = in_gallery_order(split)
    found = []
    for picture, owner, role in probes[["picture", "identity", "role"]].to_numpy():
        if role != "user":
            others = gallery.loc[~gallery["identity"].isin([owner, without]), "picture"]
            found.append(full_matrix(clean.rows([picture]), clean.rows(others), "euclidean").min())
    return np.array(found)


@pytest.mark.parametrize("seed", [0, 4])
def test_equals_searching_the_gallery(seed):
    split, clean, attacked = records(clusters(np.random.default_rng(seed)))
    table = open_set_errors(compare(clean, attacked, split, "euclidean"), ATTACKS, **NAMES)
    assert tuple(table.columns) == (*COLUMNS, "false_positive_rate", "searches")
    assert set(table["classifier"]) == {"open set"}
    gallery, probes = in_gallery_order(split)
    owners = gallery["identity"].to_numpy()
    everyone = clean.rows(gallery["picture"])
    expected = {}
    for user in sorted(set(gallery.loc[gallery["role"] == "user", "identity"])):
        nobody = searches(split, clean, user)
        assert set(table.loc[table["user"] == user, "searches"]) == {len(nobody)}
        for posting in POSTINGS:
            faces = everyone.copy()
            faces[owners == user] = attacked.get(posting, clean).rows(gallery.loc[owners == user, "picture"])
            asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
            squared = full_matrix(asked, faces, "euclidean")
            nearest = squared.min(axis=1)
            first = owners[squared.argmin(axis=1)] == user
            for rate in FALSE_POSITIVE_RATES:
                # Finding all up to this distance would find somebody in no greater share of searches for nobody.
                near = [np.mean(nobody <= distance * (1 - 1e-5)) <= rate for distance in nearest]
                expected[rate, *posting, user] = 1 - np.mean(first & near)
    measured = {(row.false_positive_rate, row.attack, row.channel, row.user): row.error for row in table.itertuples()}
    assert measured == pytest.approx(expected)
    assert len(set(measured.values())) > 3


def test_who_is_not_the_nearest_is_not_found_and_a_threshold_takes_more_away():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    comparisons = compare(clean, attacked, split, "euclidean")
    closed = evaluate(comparisons, ATTACKS, **NAMES)["error"].to_numpy()
    table = open_set_errors(comparisons, ATTACKS, **NAMES)
    loose, strict = (table.loc[table["false_positive_rate"] == rate, "error"] for rate in FALSE_POSITIVE_RATES)
    assert (closed <= loose.to_numpy()).all()
    assert (loose.to_numpy() <= strict.to_numpy()).all()
    assert closed.mean() < loose.mean() < strict.mean()


def test_what_a_user_posts_or_looks_like_changes_no_own_threshold():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    comparisons = compare(clean, attacked, split, "euclidean")
    others = np.delete(comparisons.other_user_squared, 2, axis=1)
    values = clean.embedding.copy()
    values[(split["identity"] == list(comparisons.posted)[2]).to_numpy()] += 3
    moved = compare(type(clean)(values, split["picture"], "clean"), attacked, split, "euclidean").other_user_squared
    np.testing.assert_allclose(np.delete(moved, 2, axis=1), others, rtol=1e-4)
    assert not np.allclose(moved[:, 2], comparisons.other_user_squared[:, 2], rtol=0.1)


def test_needs_searches():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    comparisons = compare(clean, attacked, split[split["role"] == "user"], "euclidean")
    with pytest.raises(InputError, match="open set: no searches for people who are not in the gallery"):
        open_set_errors(comparisons, ATTACKS, **NAMES)
