"""Unprotected pictures against galleries put together picture by picture."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from close_embeddings import GALLERY, POSTINGS, USERS, clusters, duplicates, full_matrix, in_gallery_order, records

from uncloak.experiments.unprotected.measure import permutations, unprotected_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS, evaluate
from uncloak.recognition.rates import protection_rates
from uncloak.tables import read_table, write_table

ATTACKS = {"lowkey": {}, "fawkes": {}}
NAMES = {"dataset": "d", "extractor": "e", "seed": 7}


def run(comparisons, unprotected=range(GALLERY + 1), posted=(3,), choices=6, **names):
    options = {"unprotected": unprotected, "posted": posted, "choices": choices}
    return unprotected_errors(comparisons, ATTACKS, **{**NAMES, **names}, **options)


def errors(table, **values):
    for column, value in values.items():
        table = table[table[column] == value]
    return table.set_index(["attack", "channel", "user"])["error"]


def written_out(split, clean, attacked, choose):
    """Return {(posted, k, attack, channel, user): error}; `choose` gives (posted, [(unprotected, protected), ...])."""
    gallery, probes = in_gallery_order(split)
    found = {}
    for user in sorted(set(split.loc[split["role"] == "user", "identity"])):
        asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
        own = gallery.loc[gallery["identity"] == user, "picture"].to_numpy()
        others = gallery[gallery["identity"] != user]
        rivals = full_matrix(asked, clean.rows(others["picture"]), "euclidean")
        before = (others["identity"] < user).to_numpy()
        for posting in POSTINGS:
            through = attacked.get(("none", posting[1]), clean)
            distances = {
                "unprotected": full_matrix(asked, through.rows(own), "euclidean"),
                "protected": full_matrix(asked, attacked.get(posting, clean).rows(own), "euclidean"),
            }
            for posted, k, galleries in choose(user):
                if posting[0] == "none" and k:
                    continue
                lost = []
                for unprotected, protected in galleries:
                    for row in range(len(asked)):
                        nearest = min(
                            [distances["unprotected"][row, picture] for picture in unprotected]
                            + [distances["protected"][row, picture] for picture in protected]
                        )
                        lost.append((rivals[row] < nearest).any() or (rivals[row][before] == nearest).any())
                found[posted, k, *posting, user] = np.mean(lost)
    return found


@pytest.mark.parametrize("make", [clusters, duplicates])
def test_equals_galleries_written_out(make):
    split, clean, attacked = records(make(np.random.default_rng(4)))
    table = run(compare(clean, attacked, split, "euclidean"))

    def choose(user):
        orders = permutations(GALLERY, 6, user, 7).tolist()
        for posted, n in (("all", GALLERY), ("3", 3)):
            for k in range(n + 1):
                yield posted, k, [(order[:k], order[k:n]) for order in orders]

    measured = {
        (row.posted, row.unprotected, row.attack, row.channel, row.user): row.error for row in table.itertuples()
    }
    assert measured == pytest.approx(written_out(split, clean, attacked, choose), abs=1e-12)
    assert tuple(table.columns) == (*COLUMNS, "posted", "kept")
    assert (table["kept"] == table["posted"].map({"all": GALLERY, "3": 3})).all()


def test_none_and_all_unprotected_are_the_attack_and_its_channel():
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    comparisons = compare(clean, attacked, split, "euclidean")
    table = run(comparisons)
    plain = evaluate(comparisons, ATTACKS, **NAMES).set_index(["attack", "channel", "user"])["error"]
    pd.testing.assert_series_equal(errors(table, posted="all", unprotected=0), plain)
    for (_, channel, user), error in errors(table, posted="all", unprotected=GALLERY).items():
        assert error == plain["none", channel if channel == "jpeg-75" else "png", user]
    rates = protection_rates(table)
    full = rates[(rates["posted"] == "3") & (rates["unprotected"] == 3)]
    assert len(full) == 4
    assert (full["protection_rate"] == full["clean_error"]).all()
    # More unprotected pictures help the trainer: each choice's hold those of the fewer.
    for _, rows in rates[rates["attack"] == "lowkey"].groupby(["posted", "channel"]):
        if rows["channel"].iloc[0] == "png":
            assert rows.sort_values("unprotected")["protection_rate"].is_monotonic_decreasing


def test_many_choices_average_to_all_subsets():
    split, clean, attacked = records(clusters(np.random.default_rng(6)))
    comparisons = compare(clean, attacked, split, "euclidean")

    def choose(user):
        for k in (1, 2):
            subsets = [set(subset) for subset in combinations(range(GALLERY), k)]
            yield "all", k, [(subset, set(range(GALLERY)) - subset) for subset in subsets]

    expected = written_out(split, clean, attacked, choose)
    table = run(comparisons, unprotected=(1, 2), posted=(), choices=2000)
    found = {(r.posted, r.unprotected, r.attack, r.channel, r.user): r.error for r in table.itertuples()}
    assert found == pytest.approx({key: value for key, value in expected.items() if key[2] != "none"}, abs=0.05)
    assert any(0 < value < 1 for value in found.values())


def test_choices_are_the_users_own():
    one, other = (permutations(9, 50, user, 1) for user in "ab")
    assert one.shape == (50, 9)
    assert (np.sort(one, axis=1) == np.arange(9)).all()
    assert (one != other).any()
    np.testing.assert_array_equal(permutations(9, 20, "a", 1), one[:20])
    assert (permutations(9, 50, "a", 2) != one).any()
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    everyone = errors(run(compare(clean, attacked, split, "euclidean"), unprotected=(1,), posted=()))
    # Neither other attacks nor the extractor's name matter.
    lowkey = {posting: faces for posting, faces in attacked.items() if posting[0] != "fawkes"}
    comparisons = compare(clean, lowkey, split, "euclidean")
    options = {"unprotected": (1,), "posted": (), "choices": 6}
    alone = unprotected_errors(comparisons, {"lowkey": {}}, **{**NAMES, "extractor": "f"}, **options)
    pd.testing.assert_series_equal(errors(alone), everyone[everyone.index.get_level_values(0) == "lowkey"])


def test_numbers_beyond_a_users_pictures_are_left_out():
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    comparisons = compare(clean, attacked, split[split["picture"] != "z/02"], "euclidean")
    table = run(comparisons, unprotected=(0, 4, 5, 20), posted=(3, 4, 5))
    counts = table.groupby("posted")["unprotected"].unique().map(list).to_dict()
    assert counts == {"all": [0, 4], "3": [0], "4": [0, 4]}
    assert (
        table[table["attack"] != "none"].groupby(["posted", "unprotected", "attack", "channel"]).size() == USERS
    ).all()


def test_table_is_written_and_read(tmp_path):
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    table = run(compare(clean, attacked, split, "euclidean"))
    write_table(table, tmp_path / "table.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.csv"), table, rtol=1e-5, check_dtype=False)
    rates = protection_rates(read_table(tmp_path / "table.csv"))
    write_table(rates, tmp_path / "rates.csv")
    assert read_table(tmp_path / "rates.csv")["posted"].unique().tolist() == ["all", "3"]
