"""Attacks by their surrogate: a matrix for each attack, from oldest to newest."""

import json

import numpy as np
from figures_read_back import svg_of, texts
from rate_figures import FIGURE
from rate_tables import EXTRACTORS, KNOWN, rate_table, rates_of

from uncloak.experiments.surrogates.figure import matrices


def test_lines_are_surrogates_and_columns_extractors_from_oldest_to_newest():
    table = rate_table()
    chart = matrices(table, KNOWN, *FIGURE)
    [panel] = json.loads(chart.to_json())["vconcat"]
    x, y = (panel["layer"][0]["encoding"][axis]["scale"]["domain"] for axis in "xy")
    # VGG-like (2018) stands beside the robust one of the same day, by label; CLIP, the newest, last.
    assert x == ["vggface", "robust", "magface", "clip"]
    assert y == ["none", "fawkes_v10", "lowkey"]
    said = texts(svg_of(chart))
    for attack in y:
        for extractor in x:
            rate, *_ = rates_of(table, attack, extractor=extractor)
            value = f"{100 * rate:.1f}".removesuffix(".0") if not 10 <= 100 * rate <= 90 else f"{100 * rate:.0f}"
            assert value in said
    assert "a cloak" in said
    assert "no attack" in said


def test_the_surrogate_itself_is_outlined_and_no_other():
    [rows] = json.loads(matrices(rate_table(), KNOWN, *FIGURE).to_json())["datasets"].values()
    known = {(row["attack"], row["extractor"]) for row in rows if row["known"]}
    assert known == {("lowkey", "clip"), ("fawkes_v10", "vggface")}


def test_attacks_of_other_labels_stand_in_matrices_of_their_own():
    known = {**KNOWN, "lowkey": {**KNOWN["lowkey"], "label": "another cloak"}}
    panels = json.loads(matrices(rate_table(), known, *FIGURE).to_json())["vconcat"]
    assert [panel["title"]["text"] for panel in panels] == ["another cloak", "a cloak"]
    lines = [panel["layer"][0]["encoding"]["y"]["scale"]["domain"] for panel in panels]
    assert lines == [["none", "lowkey"], ["none", "fawkes_v10"]]


def test_a_surrogate_that_recognizes_nobody_comes_last():
    table = rate_table({name: about for name, about in EXTRACTORS.items() if name != "vggface"})
    [panel] = json.loads(matrices(table, KNOWN, *FIGURE).to_json())["vconcat"]
    assert panel["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["none", "lowkey", "fawkes_v10"]
    assert not np.isin("vggface", panel["layer"][0]["encoding"]["x"]["scale"]["domain"])
