"""What the figures of rates have in common: intervals, bad tables, the order of rows."""

import json
import re

import altair as alt
import numpy as np
import pandas as pd
import pytest
from figures_read_back import color_of, svg_of
from rate_figures import DRAW, FIGURE, TABLES
from rate_tables import classifier_table, defense_table, rate_table, unprotected_table

from uncloak.errors import InputError
from uncloak.experiments.unprotected.figure import unprotected
from uncloak.figures.rates import source


def test_intervals_are_bars_and_bands():
    table = defense_table().query("extractor == 'vggface'")
    svg = svg_of(DRAW["by_defense"](table))
    color = color_of("lowkey")
    bars = re.findall(rf'translate\([\d.]+,([\d.]+)\)" x2="0" y2="(-?[\d.]+)" stroke="{color}"', svg)
    own = table[table["attack"] == "lowkey"]
    drawn = sorted((1.07 * (1 - float(y) / 300), 1.07 * -float(length) / 300) for y, length in bars)
    expected = sorted(zip(own["low"], own["high"] - own["low"], strict=True))
    np.testing.assert_allclose(np.abs(drawn), expected, atol=1e-4)

    table = unprotected_table(defended=False).query("extractor == 'clip' and attack == 'lowkey'")
    svg = svg_of(unprotected(table, ["lowkey"], ["clip"], *FIGURE))
    (band,) = re.findall(r'aria-roledescription="area mark" d="M([^"]*)Z"', svg)
    heights = 1.04 * (1 - np.array([float(place.split(",")[1]) for place in band.split("L")]) / 200)
    table = table.sort_values("unprotected")
    np.testing.assert_allclose(heights, [*table["low"], *table["high"][::-1]], atol=1e-4)


@pytest.mark.parametrize("figure", list(DRAW))
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="low"), "no column 'low'"),
        (lambda table: table.drop(columns="extractor"), "no column 'extractor'"),
        (lambda table: table[table["attack"] != "lowkey"], "no rows of attack 'lowkey'"),
        (lambda table: pd.concat([table, table]), "several rows"),
        (lambda table: table.assign(protection_rate=table["protection_rate"] * 100), "not percent"),
        (lambda table: table.assign(released="June 2015"), "not YYYY-MM-DD"),
        (lambda table: table.assign(channel="jpeg75"), "no rows of"),
    ],
)
def test_bad_tables_are_told(figure, change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        DRAW[figure](change(TABLES[figure]()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("figure", "change", "message"),
    [
        ("by_defense", lambda table: table.drop(columns="defense_label"), "no column 'defense_label'"),
        ("by_defense", lambda table: table.drop(columns="clean_low"), "no column 'clean_low'"),
        ("training_matrix", lambda table: table[table["defense"] != "on_both"], "no rows of defense 'on_both'"),
        ("training_matrix", lambda table: table.query("defense != 'on_both' or attack != 'none'"), "test it"),
        ("systems", lambda table: table[table["defense"] != "top_clip"], "no rows of defense 'top_clip'"),
        ("systems", lambda table: table[table["rank"] == 1], "no rows of extractor 'magface'"),
        ("systems", lambda table: table.query("extractor != 'robust'"), "no rows of extractor 'robust'"),
        ("systems", lambda table: table.drop(columns="defense"), "no column 'defense'"),
        ("unprotected", lambda table: table[table["defense"] != "none"], "no rows of defense 'none'"),
        ("unprotected", lambda table: table[table["extractor"] != "clip"], "no rows of extractor 'clip'"),
        ("unprotected", lambda table: table.drop(columns="defense"), "no column 'defense'"),
        ("classifiers", lambda table: table[table["classifier"] != "end to end"], "no rows of classifier 'end to end'"),
        (
            "classifiers",
            lambda table: table.query("defense == 'none' or classifier != 'end to end'"),
            "no rows of classifier 'end to end'",
        ),
        ("ranks", lambda table: table[table["among"] != "pictures"], "no rows of among 'pictures'"),
        ("verification", lambda table: table.drop(columns="false_accept_rate"), "no column 'false_accept_rate'"),
        (
            "verification",
            lambda table: table.assign(false_accept_rate=10_000 * table["false_accept_rate"]),
            "'false_accept_rate' must be numbers in [0, 1], not percent",
        ),
        ("classifiers", lambda table: table.drop(columns="defense_label"), "no column 'defense_label'"),
        (
            "classifiers",
            lambda table: table.query("defense == 'none' or attack != 'lowkey'"),
            "no rows of attack 'lowkey'",
        ),
    ],
)
def test_what_a_figure_needs_is_told(figure, change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        DRAW[figure](change(TABLES[figure]()))
    assert "\n" not in str(caught.value)


def spec_of(chart: alt.TopLevelMixin) -> tuple[dict, list[str]]:
    """Return what a chart draws and its rows, in no order and without their names."""
    spec = json.loads(chart.to_json())
    rows = [sorted(json.dumps(row, sort_keys=True) for row in data) for data in spec.pop("datasets").values()]
    return json.loads(re.sub(r'"data-[0-9a-f]+"', '"data"', json.dumps(spec))), sorted(rows)


@pytest.mark.parametrize("figure", list(DRAW))
def test_rows_in_another_order_are_the_same_figure(figure):
    table = TABLES[figure]()
    shuffled = table.sample(frac=1, random_state=2)
    if figure not in ("training_matrix", "systems"):  # which are told the order of their defenses
        order = {defense: place for place, defense in enumerate(table["defense"].unique())}
        shuffled = shuffled.sort_values("defense", key=lambda names: names.map(order), kind="stable")
    assert spec_of(DRAW[figure](table)) == spec_of(DRAW[figure](shuffled))


def test_source_tells_numbers_of_users_and_what_it_corresponds_to():
    table = rate_table()
    assert source(table, "drawn faces", 7, "Figure 2") == (
        "Means over 20 users (180 probes) with 95 % intervals over users (Korn and Graubard). Dataset: drawn faces."
        " Seed 7. After Figure 2 of Radiya-Dixit et al. (ICLR 2022)."
    )
    assert source(classifier_table(), "drawn faces", 7).startswith("Means over 6 to 20 users (54 to 180 probes)")
    assert "Radiya" not in source(table, "drawn faces", 7)


@pytest.mark.parametrize("figure", list(DRAW))
def test_differences_from_a_rows_own_baseline_are_told_at_its_marker(figure):
    table = TABLES[figure]()
    table = table.assign(above_clean=0.5, above_clean_low=-0.026, above_clean_high=0.614)
    table.loc[table["attack"] == "none", ["above_clean", "above_clean_low", "above_clean_high"]] = np.nan
    spec = json.loads(DRAW[figure](table).to_json())
    told = {
        (row["attack"], row["above_clean_told"])
        for rows in spec["datasets"].values()
        for row in rows
        if "attack_label" in row
    }
    assert {text for attack, text in told if attack != "none"} == {"+50 (-3 to +61) points"}
    assert {text for attack, text in told if attack == "none"} <= {""}
    tips = re.findall(r'"field": "(above_\w+)", "title": "([a-z ]+)"', json.dumps(spec))
    assert set(tips) == {("above_clean_told", "above no attack"), ("above_no_defense_told", "above no defense")}


@pytest.mark.parametrize("figure", ["training_matrix", "classifiers", "by_defense"])
def test_equal_tables_are_equal_bytes(figure):
    table = TABLES[figure]()
    assert svg_of(DRAW[figure](table)) == svg_of(DRAW[figure](table.copy()))
