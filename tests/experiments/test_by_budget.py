"""Lines of protection over visibility: one for each extractor, of what the two tables say, and of one attack alone."""

import re

import numpy as np
import pandas as pd
import pytest
from configurations import configuration
from figures_read_back import svg_of, symbols, texts
from protection_tables import VISIBILITY, protection_table, visibility_table

from uncloak.errors import InputError
from uncloak.experiments.by_budget import MOST_LINES
from uncloak.experiments.by_budget.figure import lines_over_visibility, over_visibility
from uncloak.figures import theme
from uncloak.plan import experiments, targets

ATTACKS = ["none", *VISIBILITY]
EXTRACTORS = ["facenet", "arcface", "vit"]  # by release, not in the table's order
BUDGETS = ["budget_2", "budget_4", "budget_7", "budget_10", "budget_20"]
NINE = ["facenet", "vggface", "vggface_pgd", "facenet_pgd", "arcface", "magface", "clip_pretrained", "clip", "robust"]
WORLD = "resources/worlds/robust_trackers.yaml"


def protection() -> pd.DataFrame:
    """Of three extractors, in no order: not as the figure sorts them."""
    table = protection_table()
    return table[table["extractor"].isin(EXTRACTORS)].sample(frac=1, random_state=4)


def drawn(rows: pd.DataFrame, measure: str = "dssim"):
    return lines_over_visibility(rows, ATTACKS, "Budget", "20 users, seed 7.", measure)


def test_rows_are_those_of_the_two_tables_line_by_line():
    protected, shown = protection(), visibility_table().set_index("attack")
    rows, measure = over_visibility(protected, visibility_table())
    assert measure == "dssim"
    columns = ["dssim", "dssim_low", "dssim_high"]
    assert list(rows) == [*protected, *columns]
    assert rows["extractor"].tolist() == [name for name in EXTRACTORS for _ in ATTACKS]
    assert rows["attack"].tolist() == ATTACKS * 3  # what shows more stands farther right
    for row in rows.itertuples():
        expected = [0, 0, 0] if row.attack == "none" else shown.loc[row.attack, columns].tolist()
        assert [row.dssim, row.dssim_low, row.dssim_high] == expected
    key = ["extractor", "attack"]
    pd.testing.assert_frame_equal(
        rows[list(protected)].sort_values(key, ignore_index=True), protected.sort_values(key, ignore_index=True)
    )


def test_what_went_through_a_channel_is_left_out():
    table = protection()
    through = table.assign(channel="jpeg75", protection_rate=0.5)
    rows, _ = over_visibility(pd.concat([through, table]), visibility_table())
    pd.testing.assert_frame_equal(rows, over_visibility(table, visibility_table())[0])


def test_lpips_is_drawn_where_every_attack_has_it():
    some, every = visibility_table(), visibility_table()
    for table, first in ((every, 0), (some, 1)):
        for end in ("", "_low", "_high"):
            table.loc[first:, f"lpips{end}"] = [0.4, 0.2][first:]
    assert over_visibility(protection(), some)[1] == "dssim"
    rows, measure = over_visibility(protection(), every)
    assert measure == "lpips"
    # The attack that DSSIM has farther left is the more visible one here.
    assert rows["attack"].tolist() == ["none", "lowkey", "fawkes_v03"] * 3
    assert rows["lpips"].tolist() == [0, 0.2, 0.4] * 3
    assert drawn(rows, measure).to_dict()["layer"][1]["encoding"]["x"]["field"] == "lpips"


def test_the_chart_has_one_line_for_each_extractor():
    rows, _ = over_visibility(protection(), visibility_table())
    record = drawn(rows).to_dict()
    band, line, points = record["layer"]
    assert (band["mark"]["type"], line["mark"]["type"], points["mark"]["type"]) == ("area", "line", "point")
    assert line["encoding"]["stroke"]["field"] == points["encoding"]["shape"]["field"] == "extractor"
    assert band["encoding"]["fill"]["field"] == "extractor"
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")
    assert (line["encoding"]["x"]["field"], line["encoding"]["y"]["field"]) == ("dssim", "protection_rate")
    scale = line["encoding"]["stroke"]["scale"]
    assert scale["domain"] == points["encoding"]["shape"]["scale"]["domain"] == EXTRACTORS
    assert len(set(scale["range"])) == len(set(points["encoding"]["shape"]["scale"]["range"])) == len(EXTRACTORS)
    [data] = record["datasets"].values()
    assert {(each["extractor"], each["attack"]) for each in data} == {(x, a) for x in EXTRACTORS for a in ATTACKS}


def test_lines_go_from_no_attack_to_the_most_visible_one_at_their_rates():
    rows, _ = over_visibility(protection(), visibility_table())
    svg = svg_of(drawn(rows.sample(frac=1, random_state=1)))
    panel = svg[svg.index("mark-line") :]
    paths = re.findall(r'aria-roledescription="line mark" d="([^"]*)"[^>]*stroke="([^"]*)"', svg)
    styles = theme.attack_styles(EXTRACTORS)
    assert sorted(color for _, color in paths) == sorted(style.color for style in styles)
    for extractor, style in zip(EXTRACTORS, styles, strict=True):
        [path] = [path for path, color in paths if color == style.color]
        line = np.array([place.split(",") for place in re.split("[ML]", path)[1:]], dtype=float)
        own = rows[rows["extractor"] == extractor].sort_values("dssim")
        np.testing.assert_allclose(1.04 * (1 - line[:, 1] / 320), own["protection_rate"], atol=1e-4)
        np.testing.assert_allclose((line[:, 0] - line[0, 0]) / np.ptp(line[:, 0]), own["dssim"] / 0.05, atol=1e-3)
        np.testing.assert_allclose(symbols(panel, style.color), line, atol=0.01)
    names = ["FaceNet-like", "ArcFace", "CLIP-like ViT"]
    assert [text for text in texts(svg) if text in names] == names
    assert "Hollow markers" in svg


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="dssim_low"), "no column 'dssim_low'"),
        (lambda rows: rows[rows["attack"] != "lowkey"], "no rows of attack 'lowkey'"),
        (lambda rows: pd.concat([rows, rows.head(1)]), "several rows"),
        (lambda rows: rows.assign(high=40), "not percent"),
        (lambda rows: rows.assign(dssim=np.inf), "has no finite dssim"),
    ],
)
def test_bad_tables_are_told(change, message):
    rows, _ = over_visibility(protection(), visibility_table())
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        drawn(change(rows))
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="visibility table: has no row of attack 'lowkey'"):
        over_visibility(protection(), visibility_table()[:1])
    with pytest.raises(InputError, match="visibility table: has several rows of attack 'lowkey'; measure it again"):
        over_visibility(protection(), pd.concat([visibility_table(), visibility_table()[1:]]))


def test_it_is_drawn_from_tables_that_others_have():
    config = configuration(WORLD)
    files = experiments.drawn_from(config, "budget", "synthetic")
    assert [*files["protection"], *files["visibility"]] == [
        f"results/synthetic/tables/{name}.csv" for name in ("protection", "visibility")
    ]
    assert "budget" not in experiments.by_part(config, "measure")
    assert "results/synthetic/figures/budget.html" in targets.everything(config)
    # The folder alone, without attacks that a record names, asks for nothing.
    assert not [path for path in targets.everything(configuration()) if "budget" in path]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"run": {"attacks": ["budget_2", "lowkey"]}},
            "experiments.budget.attacks: a line joins several attacks, and of these only 'budget_2' is run on"
            " 'synthetic'; name more, and run them there, or name other datasets",
        ),
        (
            {"experiments": {"budget": {"attacks": ["budget_7"]}}},
            "experiments.budget.attacks: a line joins several attacks, and of these only 'budget_7' is run",
        ),
        (
            {"run": {"attacks": [*BUDGETS, "lowkey"]}, "experiments": {"budget": {"attacks": ["budget_7", "lowkey"]}}},
            "experiments.budget.attacks: 'budget_7' and 'lowkey' differ in their method or surrogates",
        ),
        (
            {"attacks": {"budget_4": {"surrogates": ["facenet"]}}},
            "experiments.budget.attacks: 'budget_2' and 'budget_4' differ in their method or surrogates",
        ),
        (
            {"experiments": {"visibility": None}, "run": {"experiments": ["protection", "budget"]}},
            "experiments.budget: this is drawn from the experiment 'visibility', which is struck out",
        ),
        (
            {"run": {"extractors": NINE}},
            "experiments.budget.extractors: 9 lines are more than can be told apart; name at most 8",
        ),
    ],
)
def test_what_is_no_line_is_refused(change, said):
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        configuration(WORLD, change)
    assert "\n" not in str(caught.value)


def test_so_many_lines_can_be_told_apart():
    styles = theme.attack_styles([f"extractor_{number}" for number in range(MOST_LINES)])
    assert len({style.color for style in styles}) == len({style.shape for style in styles}) == MOST_LINES
