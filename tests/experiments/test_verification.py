"""Verification at fixed false-accept rates against counting impostors."""

from dataclasses import replace

import numpy as np
import pytest
from close_embeddings import POSTINGS, clusters, full_matrix, in_gallery_order, records

from uncloak.errors import InputError
from uncloak.experiments.verification.measure import verification_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS

ATTACKS = {"lowkey": {}, "fawkes": {}}
NAMES = {"dataset": "d", "extractor": "e", "seed": 7}


def test_equals_counting_impostors(monkeypatch):
    rates = (0.3, 0.1, 0.01)
    monkeypatch.setattr("uncloak.recognition.comparing.FALSE_ACCEPT_RATES", rates)
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    table = verification_errors(compare(clean, attacked, split, "euclidean"), ATTACKS, **NAMES)
    assert tuple(table.columns) == (*COLUMNS, "false_accept_rate", "gallery_size", "drawn_size", "impostors")
    assert set(table["classifier"]) == {"verification"}

    gallery, probes = in_gallery_order(split)
    impostors = [
        (identity, full_matrix(clean.rows([probe]), clean.rows(faces["picture"]), "euclidean").min())
        for probe, owner, role in probes[["picture", "identity", "role"]].to_numpy()
        for identity, faces in gallery.groupby("identity")
        if role != "user" and identity != owner
    ]
    expected = {}
    for posting in POSTINGS:
        for user, faces in gallery[gallery["role"] == "user"].groupby("identity"):
            asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
            own = full_matrix(asked, attacked.get(posting, clean).rows(faces["picture"]), "euclidean").min(axis=1)
            distances = np.array([distance for identity, distance in impostors if identity != user])
            for rate in rates:
                # Accepting all up to this distance would accept no greater share of impostors.
                accepted = [np.mean(distances <= distance) <= rate for distance in own]
                expected[rate, *posting, user] = 1 - np.mean(accepted)
    measured = {(row.false_accept_rate, row.attack, row.channel, row.user): row.error for row in table.itertuples()}
    assert measured == pytest.approx(expected)
    assert len(set(measured.values())) > 3


def test_needs_impostors():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    comparisons = compare(clean, attacked, split[split["role"] == "user"], "euclidean")
    with pytest.raises(InputError, match="verification: no impostors to choose the threshold by"):
        verification_errors(comparisons, ATTACKS, **NAMES)


def test_a_probe_at_the_threshold_is_not_accepted():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    comparisons = compare(clean, attacked, split, "euclidean")
    user = comparisons.user[0]
    own = np.sort(comparisons.own_squared[comparisons.user == user, 0].min(axis=1))
    thresholds = np.tile(own[1:3], (len(comparisons.posted), 1))
    comparisons = replace(comparisons, false_accept_squared=thresholds)
    table = verification_errors(comparisons, {}, **NAMES)
    errors = table.loc[(table["user"] == user) & (table["channel"] == "png"), "error"]
    assert errors.tolist() == [1 - 1 / len(own), 1 - 2 / len(own)]


def test_each_user_has_the_threshold_of_the_own_gallery():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    # One user has two pictures, the others five.
    few = split[(split["identity"] != "z") | ~split["picture"].isin(["z/00", "z/01", "z/02"])]
    comparisons = compare(clean, attacked, few, "euclidean")
    table = verification_errors(comparisons, ATTACKS, **NAMES)
    assert set(table.loc[table["user"] == "z", "gallery_size"]) == {2}
    assert set(table.loc[table["user"] != "z", "gallery_size"]) == {5}
    assert (table["drawn_size"] == table["gallery_size"]).all()
    place = list(comparisons.posted).index("z")
    fewer, more = comparisons.false_accept_squared[place], np.delete(comparisons.false_accept_squared, place, axis=0)
    # Of fewer pictures the nearest is farther.
    assert fewer[0] > more[:, 0].max()
    own = comparisons.own_squared[comparisons.user == "z", 0].min(axis=1)
    plain = table[(table["user"] == "z") & (table["attack"] == "none") & (table["channel"] == "png")]
    assert plain["error"].tolist() == [np.mean(own >= threshold) for threshold in fewer]
