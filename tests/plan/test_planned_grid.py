"""LowKey's grid as planned: every number of its Tables 2, 3 and 5 to 10 has a row of ours to stand beside."""

import pandas as pd
import pytest
from configurations import configuration, plan
from planned import tables

from uncloak.claims.comparison import compare
from uncloak.claims.measured import from_rates, together
from uncloak.claims.published import read_published
from uncloak.experiments.transfer_grid.measure import POSTERS, RANKS
from uncloak.plan import claims, experiments
from uncloak.plan.asked import Asked

PLACES = [f"Table {number}" for number in (2, 3, 5, 6, 7, 8, 9, 10)]


@pytest.fixture(scope="module")
def grids():
    return configuration("resources/worlds/lowkey_surrogates.yaml")


def rates(asked: Asked) -> pd.DataFrame:
    """What the averages of a grid's plan have as keys; every rate is 1/2."""
    rows = [
        {
            "extractor": each.extractor,
            "defense": each.defense,
            "attack": attack,
            "posters": posters,
            "among": among,
            "rank": rank,
        }
        for each in asked.recognizers
        for attack in ("none", *asked.attacks_on(each))
        for posters in POSTERS
        for among in ("identities", "pictures")
        for rank in RANKS
    ]
    same = {"dataset": asked.dataset, "channel": "png", "classifier": "nearest neighbor", "seed": 1}
    same |= {"unprotected": 0, "n_users": 20, **dict.fromkeys(("protection_rate", "low", "high"), 0.5)}
    return pd.DataFrame(rows).assign(**same, attack_label="an attack", extractor_label="an extractor")


def test_every_published_cell_has_a_row_of_ours(grids):
    plan(grids)
    made = [asked for asked in experiments.made_on(grids, "crowd", "transfer_grid") if asked.options.distractors]
    assert len(made) == 3
    published = read_published(claims.published(grids))
    of_grids = published[(published["source"] == "Cherepanova 2021") & published["place"].isin(PLACES)]
    assert len(of_grids) == 88 + 24 + 88 + 79 + 80 + 79 + 80 + 24
    counterparts = claims.words(grids)["counterparts"]
    beside = compare(of_grids, together(from_rates(rates(asked)) for asked in made), counterparts)
    assert set(beside["status"]) == {"measured"}
    # No two published attacks or extractors share one of ours, Fawkes and clean aside.
    ours = beside.drop_duplicates(["attack", "our_attack"]), beside.drop_duplicates(["extractor", "our_extractor"])
    assert len(ours[0]) == ours[0]["our_attack"].nunique() == 2 + 9 + 9 + 1  # not smoothed
    assert len(ours[1]) == ours[1]["our_extractor"].nunique() == 8


def test_surrogates_are_those_of_the_line(grids):
    eight = grids["experiments"]["transfer_grid"]["extractors"]
    four = [name for name in eight if name.startswith(("ir14", "resnet20"))]
    for line, ensemble in (("lowkey_on_", "lowkey_ensemble"), ("small_on_", "lowkey_ensemble_small")):
        assert {name: grids["attacks"][line + name]["surrogates"] for name in eight} == {name: [name] for name in eight}
        assert grids["attacks"][ensemble]["surrogates"] == four
        weights = {grids["attacks"][name]["options"]["perceptual_weight"] for name in (line + eight[0], ensemble)}
        assert weights == {0.05 if line.startswith("lowkey") else 0.08}
    assert not set(grids["attacks"]["fawkes_v10"]["surrogates"]) & set(eight)
    assert {grids["extractors"][name]["train"]["loss"]["focal"] for name in eight} == {2}


def test_lines_say_what_their_cloak_was_made_for(grids):
    lines = Asked(grids, "transfer_grid", "crowd").words()["lines"]
    assert lines["lowkey_on_ir8_arcface"] == "LowKey, made for IR-8 ArcFace"
    assert lines["lowkey_ensemble"] == "LowKey, made for 4 extractors"
    assert lines["fawkes_v10"] == "Fawkes v1.0, made for ArcFace IR-ResNet"


def test_rates_without_distractors_are_measured_and_no_claim_stands_beside_them(grids):
    alone = Asked(grids, "transfer_grid_alone", "crowd")
    assert alone.table() in experiments.tables(grids, "transfer_grid_alone")
    assert not alone.told()["options"]["distractors"]
    assert claims.measured_rates(grids) == tables("crowd", "transfer_grid", "transfer_grid_small", "blurred_grid")
