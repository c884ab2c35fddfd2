"""Galleries of the pictures that a mask was not made from, against galleries put together picture by picture."""

import numpy as np
import pytest
from close_embeddings import EXACT, GALLERY, POSTINGS, clusters, full_matrix, in_gallery_order, lattice, records
from configurations import configuration

from uncloak.errors import InputError
from uncloak.experiments.by_extractor.measure import errors_by_others
from uncloak.plan import attacks, experiments
from uncloak.plan.asked import Asked
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS, evaluate
from uncloak.recognition.rates import protection_rates

ATTACKS = {"lowkey": {}, "fawkes": {}}
NAMES = {"dataset": "d", "extractor": "e", "seed": 7}
MASKS = {
    "run": {"attacks": ["lowkey", "opom", "chameleon"]},
    "attacks": {"chameleon": {"options": {"pictures": 3}}, "opom": {"options": {"pictures": 3}}},
    "experiments": {"others": {"method": "by_extractor", "options": {"gallery": "others"}}},
}


def by_posting(table):
    return {(row.attack, row.channel, row.user): row.error for row in table.itertuples()}


@pytest.mark.parametrize("left_out", [1, 3])
@pytest.mark.parametrize(("make", "metric"), [*EXACT, (lattice, "euclidean")])
def test_equals_galleries_written_out(make, metric, left_out):
    split, clean, attacked = records(make(np.random.default_rng(1)))
    comparisons = compare(clean, attacked, split, metric)
    table = errors_by_others(comparisons, ATTACKS, left_out, **NAMES)
    assert tuple(table.columns) == COLUMNS
    gallery, probes = in_gallery_order(split)
    expected = {}
    for posting in POSTINGS:
        for user in comparisons.posted:
            own = sorted(gallery.loc[gallery["identity"] == user, "picture"])[left_out:]
            others = gallery[gallery["identity"] != user]
            owners = np.array([*others["identity"], *[user] * len(own)])
            faces = np.concatenate([clean.rows(others["picture"]), attacked.get(posting, clean).rows(own)])
            asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
            # Of those as near, the identity first in sorted order.
            order = np.argsort(owners, kind="stable")
            nearest = full_matrix(asked, faces[order], metric).argmin(axis=1)
            expected[*posting, user] = np.mean(owners[order][nearest] != user)
    assert by_posting(table) == expected
    if left_out == 3:
        assert by_posting(table) != by_posting(evaluate(comparisons, ATTACKS, **NAMES))
    rates = protection_rates(table)
    none = rates[(rates["attack"] == "none") & (rates["channel"] == "png")]
    plain = rates[(rates["attack"] == "lowkey") & (rates["channel"] == "png")]
    assert plain["clean_error"].tolist() == none["protection_rate"].tolist()


def test_users_without_others_have_no_row():
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    comparisons = compare(clean, attacked, split, "euclidean")
    with pytest.raises(InputError, match=r"of no user are more than 5 pictures in the gallery of d, .* from fewer"):
        errors_by_others(comparisons, ATTACKS, GALLERY, **NAMES)
    user = min(comparisons.posted)
    dropped = split[~((split["identity"] == user) & (split["part"] == "gallery") & split["picture"].str.endswith("00"))]
    table = errors_by_others(compare(clean, attacked, dropped, "euclidean"), ATTACKS, GALLERY - 1, **NAMES)
    assert set(table["user"]) == set(comparisons.posted) - {user}


def test_the_others_are_those_that_the_attacks_of_the_run_were_not_made_from():
    config = configuration(MASKS)
    assert [attacks.made_from(config, name) for name in ("lowkey", "opom", "chameleon", "fawkes_half")] == [
        *(None, 3, 3, None)
    ]
    assert attacks.made_from(configuration(), "opom") == 10
    asked = Asked(config, "others", "synthetic")
    assert asked.told()["left_out"] == asked.words()["left_out"] == 3
    assert Asked(config, "lowkey_by_extractor", "synthetic").told()["left_out"] == 0
    # Where nobody makes a mask there are no others.
    assert [each.dataset for each in experiments.made(config, "others")] == ["synthetic"]
    assert "the gallery holds: others" in " ".join(experiments.caption(config, "others", "synthetic").split())


def test_masks_from_several_numbers_of_pictures_are_refused():
    given = {**MASKS, "attacks": {"opom": {"options": {"pictures": 4}}, "chameleon": {"options": {"pictures": 3}}}}
    message = (
        r"experiments.others.attacks: masks for all of a user's pictures are made from 3 and 4; .* from one number"
    )
    with pytest.raises(InputError, match=message):
        configuration(given)
