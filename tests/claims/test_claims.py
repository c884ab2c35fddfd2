"""Claimed against measured: published numbers are read as printed, joined to ours, and drawn beside them."""

import re
from pathlib import Path

import cost_tables
import numpy as np
import pandas as pd
import pytest
from figures_read_back import svg_of, texts

from uncloak.claims.comparison import compare
from uncloak.claims.measured import (
    DETECTION,
    GIVEAWAY,
    PUBLIC,
    RATES,
    TIMES,
    TRANSFER,
    from_detection,
    from_giveaway,
    from_public,
    from_rates,
    from_times,
    from_transfer,
    together,
)
from uncloak.claims.published import ABOUT, COLUMNS, read_published
from uncloak.errors import InputError
from uncloak.experiments.claims.figure import claims_and_measurements, in_other_units, not_beside_ours
from uncloak.figures import theme

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published"
FILES = sorted(PUBLISHED.glob("*.csv"))
COUNTERPARTS = {
    "dataset": {
        "FaceScrub": {"ours": "synthetic", "differs": "drawn faces"},
        "ImageNet": {"ours": "transfer", "differs": "drawn objects"},
    },
    "attack": {
        "LowKey": {"ours": "lowkey", "differs": "DSSIM"},
        "PGD on four models of 2015": {"ours": "transferred", "differs": ""},
    },
    "extractor": {
        "CLIP": {"ours": "clip", "differs": "small"},
        "MagFace": {"ours": "magface", "differs": "small"},
        "LowKey detector": {"ours": "lowkey", "differs": "small"},
        "ResNet-101": {"ours": "resnet", "differs": ""},
    },
}


def rates_table() -> pd.DataFrame:
    rows = []
    for extractor, label in (("clip", "CLIP stand-in"), ("magface", "MagFace")):
        for attack, attack_label, rate in (("none", "no attack", 0.04), ("lowkey", "LowKey (DSSIM)", 0.9)):
            for rank in (1, 2):
                rows.append(
                    {
                        **{"dataset": "synthetic", "attack": attack, "channel": "png", "extractor": extractor},
                        **{"classifier": "nearest neighbor", "defense": "none", "metric": "euclidean"},
                        **{"unprotected": 0, "rank": rank, "protection_rate": rate / rank, "low": rate / rank - 0.03},
                        **{"high": rate / rank + 0.05, "n_users": 20, "seed": 7, "among": "identities"},
                        **{"attack_label": attack_label, "extractor_label": label},
                    }
                )
    return pd.DataFrame(rows)


def detection_table() -> pd.DataFrame:
    scores = {"accuracy": 0.97, "precision": 0.96, "recall": 0.98, "auc": 0.995}
    ends = {
        f"{name}_{end}": value + sign * 0.005
        for name, value in scores.items()
        for end, sign in (("low", -1), ("high", 1))
    }
    row = {"dataset": "synthetic", "detector": "lowkey", "attack": "lowkey", "n_identities": 20, "seed": 7}
    return pd.DataFrame([{**row, **scores, **ends}])


def transfer_table() -> pd.DataFrame:
    rows = []
    for condition, top1, top5 in (("clean", 0.8, 0.95), ("transferred", 0.2, 0.5)):
        row = {"classifier": "resnet", "label": "ResNet", "condition": condition, "n_pictures": 500, "seed": 7}
        for name, value in (("top1", top1), ("top5", top5)):
            row |= {name: value, f"{name}_low": value - 0.02, f"{name}_high": value + 0.02}
        rows.append(row)
    return pd.DataFrame(rows)


def everything() -> pd.DataFrame:
    measured = together([from_rates(rates_table()), from_detection(detection_table()), from_transfer(transfer_table())])
    return compare(read_published(FILES), measured, COUNTERPARTS)


def claim(table: pd.DataFrame, place: str, **about) -> pd.Series:
    rows = table[(table["place"] == place) & (table["source"] == "Radiya-Dixit 2022")]
    for name, value in about.items():
        rows = rows[rows[name] == value]
    (row,) = rows.itertuples()
    return row


def test_published_numbers_are_whole_and_stand_once():
    table = read_published(FILES)
    assert not table.duplicated(["source", "place", *ABOUT]).any()
    assert (table["least"] <= table["most"]).all()
    sizes = table[table["source"] == "Radiya-Dixit 2022"].groupby("place").size()
    assert sizes[["Table 2", "Table 3", "Table 4"]].tolist() == [16, 8, 56]
    perturbed = table[table["quantity"] == "people perturbed"].set_index("attack")["least"]
    assert perturbed.to_dict() == {"Fawkes v0.3": 265, "Fawkes v1.0": 50, "LowKey": 150}


def test_published_detection_tables_agree_with_themselves():
    """As many clean as perturbed pictures were tested: accuracy follows from precision and recall."""
    table = read_published(FILES)
    table = table[table["place"].isin(["Table 2", "Table 3"]) & (table["classifier"] == "detector")]
    scores = table.pivot(index=["place", "attack"], columns="quantity", values="least")
    assert len(scores) == 6
    false_alarms = scores["recall"] * (1 / scores["precision"] - 1)
    np.testing.assert_allclose(scores["detection accuracy"], (scores["recall"] + 1 - false_alarms) / 2, atol=1.1e-3)


def test_published_transfer_grows_from_rank_1_to_5_and_falls_under_attack():
    table = read_published([PUBLISHED / "radiya-dixit-2022.csv"])
    table = table[table["place"] == "Table 4"]
    values = table.pivot(index="extractor", columns=["attack", "rank"], values="least")
    adversarial = next(attack for attack in values.columns.levels[0] if attack != "none")
    assert (values["none"][5] > values["none"][1]).all()
    assert (values[adversarial][5] > values[adversarial][1]).all()
    assert (values["none"][1] > values[adversarial][1]).all()
    vit = values.loc["ViT-16"]
    assert [vit["none"][1], vit[adversarial][1], vit["none"][5], vit[adversarial][5]] == [0.83, 0.57, 0.97, 0.86]


def test_ours_stands_beside_its_claim():
    table = everything()
    lowkey = claim(table, "Figure 5")
    assert (lowkey.least, lowkey.value, lowkey.low, lowkey.high) == pytest.approx((0.16, 0.9, 0.87, 0.95))
    assert lowkey.difference == pytest.approx(0.74)
    assert (lowkey.status, lowkey.differs, lowkey.n) == ("measured", "drawn faces; DSSIM; small", "20 users")
    accuracy = claim(table, "Section 3.5", rank=2)
    # Of the rank asked for; an interval of errors, turned around.
    assert (accuracy.value, accuracy.low, accuracy.high) == pytest.approx((0.98, 0.93, 1.01))
    recall = claim(table, "Table 2", attack="LowKey", quantity="recall")
    assert (recall.value, recall.low, recall.high, recall.n) == (0.98, 0.975, 0.985, "20 identities")
    top5 = claim(table, "Table 4", extractor="ResNet-101", rank=5, attack="PGD on four models of 2015")
    assert (top5.least, top5.value, top5.differs) == (0.36, 0.5, "drawn objects")


def test_status_tells_what_is_missing():
    table = everything()
    assert claim(table, "Figure 6", extractor="MagFace + CLIP", classifier="top 2").status == "no counterpart"
    # Both of its names have a counterpart, and that was not run.
    row = claim(everything(), "Appendix B.3", extractor="CLIP", rank=1)
    assert row.status == "measured"
    measured = together([from_rates(rates_table().query("extractor != 'clip'"))])
    table = compare(read_published(FILES), measured, COUNTERPARTS)
    row = claim(table, "Appendix B.3", extractor="CLIP", rank=1)
    assert row.status == "not measured"
    assert np.isnan(row.value)
    assert len(table) == len(read_published(FILES))


@pytest.mark.parametrize(("value", "difference"), [(0.5, -0.05), (0.55, 0), (0.6, 0), (0.77, 0), (0.9, 0.13)])
def test_difference_from_a_range_is_that_from_its_nearest_end(value, difference):
    published = read_published(FILES).query("place == 'Figure 2' and attack == 'LowKey'")
    counterparts = COUNTERPARTS | {"extractor": {"WebFace": {"ours": "clip", "differs": ""}}}
    measured = from_rates(rates_table().assign(protection_rate=value).query("rank == 1"))
    (row,) = compare(published, measured, counterparts).itertuples()
    assert row.difference == pytest.approx(difference)


@pytest.mark.parametrize(
    ("take", "columns", "table"),
    [
        (from_rates, RATES, rates_table),
        (from_detection, DETECTION, detection_table),
        (from_transfer, TRANSFER, transfer_table),
    ],
)
def test_numbers_are_taken_by_the_columns_that_are_asked_for(take, columns, table):
    pd.testing.assert_frame_equal(take(table()[list(columns)]), take(table()))


def test_only_protected_users_count_and_channels_and_small_galleries_have_names_of_their_own():
    table = rates_table().assign(gallery="whole")
    others = [
        table.assign(unprotected=1, protection_rate=0.2),
        table.assign(channel="jpeg75", protection_rate=0.1),
        table.assign(gallery="5", protection_rate=0.3),
    ]
    found = from_rates(pd.concat([table, *others]))
    assert 0.2 not in set(found["value"])
    apart = found["attack"].str.contains(".", regex=False) | (found["dataset"] != "synthetic")
    pd.testing.assert_frame_equal(
        found[~apart].reset_index(drop=True), from_rates(table.drop(columns="gallery")).reset_index(drop=True)
    )
    named = found[apart & (found["quantity"] == "error")].groupby(["dataset", "attack"])["value"].unique()
    assert {key: [*values] for key, values in named.items()} == {
        **{("synthetic", f"{attack}.jpeg75"): [0.1] for attack in ("none", "lowkey")},
        **{("synthetic, 5 gallery pictures", attack): [0.3] for attack in ("none", "lowkey")},
    }
    pd.testing.assert_frame_equal(
        from_rates(table.query("rank == 1").drop(columns="among")), from_rates(table.query("rank == 1"))
    )


def test_ranks_stand_beside_claims_of_their_kind():
    """LowKey's k best are gallery pictures (its Note 1), the ICLR paper's two predictions are people."""
    identities = rates_table().replace({"rank": {2: 50}})
    pictures = identities.assign(
        among="pictures", protection_rate=identities["protection_rate"].mul(1 + (identities["rank"] == 50))
    )
    measured = together([from_rates(each.assign(posters="all")) for each in (identities, pictures)])
    counterparts = {
        "dataset": {"FaceScrub with distractors": {"ours": "synthetic", "differs": ""}},
        "attack": COUNTERPARTS["attack"],
        "extractor": {"IR-152 ArcFace": {"ours": "magface", "differs": ""}},
    }
    table = compare(read_published(FILES), measured, counterparts).query("status == 'measured'")
    rows = {(row.attack, row.rank, row.among): row for row in table.itertuples()}
    assert set(rows) == {(attack, *rank) for attack in ("none", "LowKey") for rank in ((1, ""), (50, "pictures"))}
    lowkey = rows["LowKey", 50, "pictures"]
    # Of accuracies: 1 less the errors, and those less their intervals.
    assert (lowkey.least, lowkey.value, lowkey.other_value) == pytest.approx((0.021, 0.1, 0.55))
    assert (lowkey.other_low, lowkey.other_high) == pytest.approx((0.5, 0.58))
    assert np.isnan(rows["LowKey", 1, ""].other_value)
    chart = claims_and_measurements(table, "Claims", "Two of them.")
    assert "LowKey, IR-152 ArcFace, accuracy (top 50 pictures): 2.1 claimed, 10 here (55 among identities)" in texts(
        svg_of(chart)
    )


def test_an_attack_on_one_surrogate_stands_beside_ours_on_that_one():
    table = read_published([PUBLISHED / "cherepanova-2021.csv"])
    assert set(table.query("surrogate == 'IR-50 ArcFace'")["attack"]) == {
        *("LowKey on IR-50 ArcFace", "LowKey, small on IR-50 ArcFace")
    }
    counterparts = {
        "dataset": {"FaceScrub with distractors": {"ours": "synthetic", "differs": ""}},
        "attack": {"LowKey on IR-50 ArcFace": {"ours": "lowkey", "differs": ""}},
        "extractor": {"ResNet-152 CosFace": {"ours": "magface", "differs": ""}},
    }
    table = compare(table, from_rates(rates_table().assign(posters="all")), counterparts)
    measured = table.query("status == 'measured' and attack != 'none'")
    assert measured[["place", "least", "value"]].to_numpy().tolist() == [["Table 5", 0.124, pytest.approx(0.1)]]
    assert not_beside_ours(table)[0].startswith(
        "Cherepanova 2021, not beside ours: Table 1 (9), Table 2 (88), Table 3 (24), Table 4 (18), Section 6.3 (2),"
    )
    # Of no attack, one is measured, too.
    assert "Table 5 (86 of 88)" in not_beside_ours(table)[0]


def test_distances_stand_beside_claims_in_words():
    """Fawkes' section 8.2: two centers lie 3 deviations farther apart, and the target's 3 nearer, than is usual."""
    row = {"dataset": "synthetic", "attack": "lowkey", "attack_label": "Fawkes", "extractor_label": "CLIP stand-in"}
    row |= {"extractor": "clip", "defense": "none", "channel": "png", "n_users": 20, "seed": 7}
    deviations = {("two centers", 0.5): 5.25, ("two centers", 0.0): 1, ("target", 0.0): 2.5, ("nearest person", 0.0): 2}
    table = pd.DataFrame(
        {**row, "sign": sign, "uncloaked": share, "deviations": mean, "deviations_low": mean - 1}
        | {"deviations_high": mean + 0.5}
        for (sign, share), mean in deviations.items()
    )
    counterparts = {
        "dataset": {"not read": {"ours": "synthetic", "differs": "drawn faces"}},
        "attack": {"Fawkes of 2020": {"ours": "lowkey", "differs": ""}},
        "extractor": {"not read": {"ours": "clip", "differs": ""}},
    }
    table = compare(read_published(FILES), from_giveaway(table[list(GIVEAWAY)]), counterparts).query(
        "status == 'measured'"
    )
    found = table.set_index("quantity")[["least", "value", "low", "high"]].T.to_dict("list")
    assert found == {"distance to target": [-3, -2.5, -3, -1.5], "2-means distance": [3, 5.25, 4.25, 5.75]}
    assert in_other_units(table) == [
        "Shan 2020, Section 8.2: Fawkes of 2020, distance to target: -3 claimed, -2.5 here (-3 to -1.5), standard "
        "deviations. CLIP stand-in; drawn faces.",
        "Shan 2020, Section 8.2: Fawkes of 2020, 2-means distance: 3 claimed, 5.25 here (4.25 to 5.75), standard "
        "deviations. CLIP stand-in; drawn faces.",
    ]
    assert in_other_units(everything()) == []


def test_people_stand_beside_claims_in_words_without_an_interval():
    """Table 1: whose pictures the trainer perturbs."""
    row = {"dataset": "public", "attack": "lowkey", "attack_label": "LowKey (DSSIM)", "seed": 7}
    table = pd.DataFrame([{**row, "n_identities": 24, "n_pictures": 48}])
    measured = from_public(table[list(PUBLIC)], "synthetic", {"robust": "ArcFace, robust", "other": "another"})
    counterparts = COUNTERPARTS | {"extractor": {"adaptive": {"ours": "robust", "differs": "small"}}}
    table = compare(read_published(FILES), together([measured]), counterparts).query("status == 'measured'")
    (row,) = table.itertuples()
    assert (row.place, row.least, row.value, row.difference) == ("Table 1", 150, 24, -126)
    assert np.isnan(row.low)
    assert in_other_units(table) == [
        "Radiya-Dixit 2022, Table 1: LowKey, people perturbed: 150 claimed, 24 here, people. ArcFace, robust; drawn "
        "faces; DSSIM; small."
    ]


def test_a_classifier_that_nobody_told_stands_beside_one_that_differs():
    published = read_published([PUBLISHED / "shan-2020.csv"]).query("extractor == 'not read' and quantity == 'error'")
    counterparts = {
        "dataset": {"not read": {"ours": "synthetic", "differs": ""}},
        "attack": {name: {"ours": "lowkey", "differs": ""} for name in published["attack"]},
        "extractor": {"not read": {"ours": "clip", "differs": "small"}},
    }
    rates = from_rates(rates_table().query("rank == 1"))
    assert set(compare(published, rates, counterparts)["status"]) == {"not measured"}
    counterparts["classifier"] = {"not read": {"ours": "nearest neighbor", "differs": "nearest neighbors"}}
    table = compare(published, rates, counterparts)
    assert (
        table[["classifier", "our_classifier", "differs", "least", "value"]].to_numpy().tolist()
        == [["not read", "nearest neighbor", "small; nearest neighbors", 1.0, 0.9]] * 2
    )


def test_other_units_are_no_rates():
    table = read_published(FILES)
    rows = table[table["unit"] != "%"]
    assert rows["unit"].value_counts().to_dict() == {"standard deviations": 3, "people": 3, "s": 2}
    assert rows["least"].tolist() == [54, 32, 265, 50, 150, -3, 3, -1]
    assert table.query("unit == '%'")[["least", "most"]].stack().between(0, 1).all()


def test_seconds_per_picture_stand_beside_claims_in_words():
    """LowKey's section 6.3, one picture at a time; where no extractor looks, ours is named after what computed."""
    counterparts = {
        "dataset": {"FaceScrub, full size": {"ours": "synthetic", "differs": "drawn faces"}},
        "attack": COUNTERPARTS["attack"]
        | {"Fawkes of 2020, strongest mode": {"ours": "fawkes_v10", "differs": "v1.0"}},
        "extractor": {"none": {"ours": "none", "differs": "small"}},
    }
    table = compare(read_published(FILES), from_times(cost_tables.averaged()[list(TIMES)]), counterparts)
    rows = table.query("status == 'measured'")
    assert rows[["place", "attack", "least", "value", "low", "high", "difference"]].to_numpy().tolist() == [
        ["Section 6.3", "Fawkes of 2020, strongest mode", 54, 2.5, 2, 3, -51.5],
        ["Section 6.3", "LowKey", 32, 16, 15, 17, -16],
    ]
    assert in_other_units(table) == [
        "Cherepanova 2021, Section 6.3: Fawkes of 2020, strongest mode, time per picture: 54 claimed, 2.5 here (2 to "
        "3), s. cpu (some processor) in float32, 1.25 s of CPU time; drawn faces; v1.0; small.",
        "Cherepanova 2021, Section 6.3: LowKey, time per picture: 32 claimed, 16 here (15 to 17), s. cpu (some "
        "processor) in float32, 10 s of CPU time; drawn faces; DSSIM; small.",
    ]
    # It stands in the table alone: the figure's axis is percent.
    with pytest.raises(InputError, match="no published number has a measured counterpart"):
        claims_and_measurements(table, "Claims", "None.")


def test_all_users_at_once_stand_beside_claims_of_all_at_once():
    """LowKey attacks all its users (its section 4), the ICLR paper one at a time (its appendix B.1)."""
    one = rates_table()
    grid = pd.concat([one.assign(posters="one", protection_rate=0.1), one.assign(posters="all", protection_rate=0.3)])
    measured = together([from_rates(one), from_rates(grid)])
    counterparts = COUNTERPARTS | {
        "dataset": {name: {"ours": "synthetic", "differs": ""} for name in ("FaceScrub", "FaceScrub with distractors")},
        "extractor": {name: {"ours": "clip", "differs": ""} for name in ("CLIP", "IR-50 ArcFace")},
    }
    table = compare(read_published(FILES), measured, counterparts).query("status == 'measured' and attack == 'LowKey'")
    found = {(row.place, row.posters): row.value for row in table.itertuples()}
    assert found == {("Figure 5", "one"): pytest.approx(0.9), ("Table 5", "all"): pytest.approx(0.7)}


def test_published_ranks_say_among_what():
    table = read_published(FILES)
    among = table[table["rank"] > 1].groupby("source")["among"].unique().map(sorted).to_dict()
    assert among == {"Cherepanova 2021": ["pictures"], "Radiya-Dixit 2022": ["classes", "identities"]}
    assert set(table.loc[table["rank"] == 1, "among"]) == {""}


def test_extractors_with_a_defense_are_called_as_publications_do():
    plain = rates_table().query("extractor == 'magface' and rank == 1")
    table = pd.concat(
        [
            plain,
            plain.assign(defense="top_clip", protection_rate=0.2),
            plain.assign(defense="unsure_clip", protection_rate=0.3),
            plain.assign(defense="tuned", protection_rate=0.4),
            plain.assign(defense="tuned", protection_rate=0.5, classifier="end to end"),
            plain.assign(defense="jpeg_50", protection_rate=0.6),
        ]
    )
    spelled = [
        {"extractor": "magface", "defense": "top_clip", "name": "magface_clip", "classifier": "top 2"},
        {
            "extractor": "magface",
            "defense": "unsure_clip",
            "name": "magface_clip",
            "classifier": "confidence threshold",
        },
        # Of another experiment the same.
        *[{"extractor": "magface", "defense": "tuned", "name": "magface_robust", "classifier": ""}] * 2,
    ]
    measured = from_rates(table, spelled).query("quantity == 'error' and attack == 'lowkey'")
    called = measured[["extractor", "classifier", "defense", "value"]].itertuples(index=False, name=None)
    assert list(called) == [
        ("magface", "nearest neighbor", "none", 0.9),
        ("magface_clip", "top 2", "none", 0.2),
        ("magface_clip", "confidence threshold", "none", 0.3),
        ("magface_robust", "nearest neighbor", "none", 0.4),
        # A classifier that is tuned itself stands on the extractor as it was.
        ("magface", "end to end", "robust training", 0.5),
        ("magface", "nearest neighbor", "jpeg_50", 0.6),
    ]


def test_one_number_in_two_tables_counts_once_and_contradictions_are_told():
    rates = from_rates(rates_table())
    rounded = rates.assign(value=[float(f"{value:.6g}") for value in rates["value"]])
    assert len(together([rates, rounded])) == len(rates)
    with pytest.raises(InputError, match=r"under attack 'none' and extractor 'clip' .* has several values"):
        together([rates, rates.assign(value=rates["value"] + 0.01)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="place"), "no column 'place'"),
        (lambda table: table.assign(quantity="luck"), "quantity 'luck' is not known; choose one of error, accuracy"),
        (lambda table: table.assign(posters="some"), "has posters 'some'; choose one, all, or nothing"),
        (lambda table: table.assign(unit="s"), "claims error in 's'; give it in '%'"),
        (
            lambda table: table.assign(quantity="time per picture", unit="s", least=-1),
            "claims -1 to 8; give 's' from 0 to inf",
        ),
        (lambda table: table.assign(least=60, most=50), "claims 60 to 50; give '%' from 0 to 100"),
        (lambda table: table.assign(most=101), "claims 8 to 101; give '%' from 0 to 100"),
        (lambda table: table.assign(rank=50), "claims rank 50 among ''; choose one of pictures, identities, classes"),
        (lambda table: table.assign(among="pictures"), "claims rank 1 among 'pictures'; choose one of"),
        (
            lambda table: table.assign(least="some"),
            "line 2: least 'some' is no number; give it the columns source, place",
        ),
    ],
)
def test_bad_published_numbers_are_told(tmp_path, change, message):
    row = dict.fromkeys(COLUMNS, "x") | {
        **{"posters": "one", "quantity": "error", "rank": 1, "among": "", "least": 8, "most": 8, "unit": "%"}
    }
    change(pd.DataFrame([row])).to_csv(tmp_path / "claims.csv", index=False)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_published([tmp_path / "claims.csv"])
    assert str(tmp_path / "claims.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("counterparts", "message"),
    [
        ({"network": {}}, "counterparts: 'network' is not known; choose one of dataset, attack, extractor"),
        ({"attack": {"LowKey": {"ours": "lowkey"}}}, "counterparts: attack 'LowKey' needs 'ours' and 'differs'"),
    ],
)
def test_bad_counterparts_are_told(counterparts, message):
    with pytest.raises(InputError, match=re.escape(message)):
        compare(read_published(FILES), from_rates(rates_table()), counterparts)


def symbols(svg: str, color: str, hollow: bool) -> np.ndarray:
    fill = theme.PAPER if hollow else color
    marks = svg[svg.index("mark-symbol role-mark") :]
    found = re.findall(rf'translate\(([\d.]+),([\d.]+)\)"[^>]*fill="{fill}" stroke="{color}"', marks)
    return np.array(found, dtype=float)


def test_claims_are_hollow_and_measurements_filled_at_their_values():
    table = everything().query("place in ['Figure 5', 'Section 3.5', 'Table 2', 'Figure 6']")
    svg = svg_of(claims_and_measurements(table, "Claims", "Two of them."))
    color = theme.attack_styles(["lowkey"])[0].color
    scale = (np.array([0.16, 0.9]) + 0.02) / 1.04 * 460
    hollow, filled = symbols(svg, color, True), symbols(svg, color, False)
    # One marker for one number.
    assert len(hollow) == (table.query("status == 'measured'")["our_attack"] == "lowkey").sum() == 5
    assert hollow[0, 0] == pytest.approx(scale[0], abs=0.01)
    assert filled[0, 0] == pytest.approx(scale[1], abs=0.01)
    # The claim stands above.
    assert hollow[0, 1] < filled[0, 1]
    written = texts(svg)
    assert "LowKey, CLIP, error: 16 claimed, 90 here" in written
    assert "CLIP stand-in; drawn faces; DSSIM; small" in written
    assert "Radiya-Dixit 2022, Figure 5" in written
    # With the digits of its source.
    assert "LowKey, LowKey detector, AUC: 99.97 claimed, 99.5 here" in written
    # What has no counterpart is in the table only.
    assert not any("Figure 6" in text for text in written)


def test_a_figure_of_nothing_is_told():
    with pytest.raises(InputError, match="no published number has a measured counterpart"):
        claims_and_measurements(everything().query("status != 'measured'"), "Claims", "None.")
