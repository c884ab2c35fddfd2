"""Rank k against sorting the whole gallery."""

import numpy as np
import pytest
from close_embeddings import EXACT, POSTINGS, clusters, full_matrix, in_gallery_order, lattice, records

from uncloak.experiments.ranks.measure import RANKS, rank_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS, evaluate
from uncloak.recognition.rates import protection_rates

ATTACKS = {"lowkey": {}, "fawkes": {}}
NAMES = {"dataset": "d", "extractor": "e", "seed": 7}


@pytest.mark.parametrize(("make", "metric"), [*EXACT, (lattice, "euclidean")])
def test_equals_sorting_the_gallery(make, metric):
    split, clean, attacked = records(make(np.random.default_rng(1)))
    comparisons = compare(clean, attacked, split, metric)
    table = rank_errors(comparisons, ATTACKS, **NAMES)
    assert tuple(table.columns) == (*COLUMNS, "among")
    gallery, probes = in_gallery_order(split)
    owners = gallery["identity"].to_numpy()
    everyone = clean.rows(gallery["picture"])
    expected = {}
    for posting in POSTINGS:
        for user in comparisons.posted:
            faces = everyone.copy()
            faces[owners == user] = attacked.get(posting, clean).rows(
                gallery.loc[gallery["identity"] == user, "picture"]
            )
            asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
            ranked = [owners[np.argsort(row, kind="stable")] for row in full_matrix(asked, faces, metric)]
            for rank in RANKS:
                pictures = [user not in row[:rank] for row in ranked]
                identities = [user not in list(dict.fromkeys(row))[:rank] for row in ranked]
                expected["pictures", rank, *posting, user] = np.mean(pictures)
                expected["identities", rank, *posting, user] = np.mean(identities)
    measured = {(row.among, row.rank, row.attack, row.channel, row.user): row.error for row in table.itertuples()}
    assert measured == expected
    assert RANKS == (1, 2, 5, 10, 50)


def test_rank_1_is_the_nearest_neighbor():
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    comparisons = compare(clean, attacked, split, "euclidean")
    rates = protection_rates(rank_errors(comparisons, ATTACKS, **NAMES))
    plain = protection_rates(evaluate(comparisons, ATTACKS, **NAMES))
    for among in ("identities", "pictures"):
        first = rates[(rates["rank"] == 1) & (rates["among"] == among)]
        for column in ("attack", "channel", "protection_rate", "low", "high", "clean_error"):
            assert first[column].tolist() == plain[column].tolist()
    # A rate's clean error is that at its own rank and among the same.
    none = rates[(rates["attack"] == "none") & (rates["channel"] == "png")].set_index(["among", "rank"])
    for row in rates[(rates["attack"] == "lowkey")].itertuples():
        assert row.clean_error == none["protection_rate"][row.among, row.rank]
    assert none["protection_rate"].nunique() > 3
