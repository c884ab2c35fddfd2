"""The figure over unprotected pictures: lines at the rates of the table, dashed behind a detector."""

import re

import numpy as np
import pandas as pd
from figures_read_back import color_of, panels_of, svg_of, symbols, texts
from rate_figures import DRAW
from rate_tables import unprotected_table


def test_unprotected_pictures_fall_in_panels_by_release():
    table = unprotected_table()
    svg = svg_of(DRAW["unprotected"](table))
    assert [text for text in texts(svg) if text in ("VGG-like CosFace", "CLIP stand-in")] == [
        "VGG-like CosFace",
        "CLIP stand-in",
    ]
    panels = panels_of(svg)
    for panel, extractor in zip(panels, ("vggface", "clip"), strict=True):
        assert [text for text in texts(panel) if text.isdigit()] == ["0", "1", "2", "10"]
        for attack in ("fawkes_v10", "lowkey"):
            places = symbols(panel, color_of(attack))
            own = table[(table["attack"] == attack) & (table["extractor"] == extractor)]
            assert len(places) == 8
            for column, count in enumerate((0, 1, 2, 10)):
                expected = sorted(own.loc[own["unprotected"] == count, "protection_rate"], reverse=True)
                heights = 1.04 * (1 - places[2 * column : 2 * column + 2, 1] / 200)
                np.testing.assert_allclose(heights, expected, atol=1e-4)


def test_lines_of_a_defense_are_dashed_only_where_there_are_any():
    dashed = re.compile(r'stroke="#aa4499"[^>]*stroke-dasharray="6,3"')
    defended = svg_of(DRAW["unprotected"](unprotected_table()))
    assert len(dashed.findall(defended)) == 2
    assert "Dashed lines: with a defense (without detected pictures)." in " ".join(texts(defended))
    without = svg_of(DRAW["unprotected"](unprotected_table(defended=False)))
    assert not dashed.findall(without)
    assert "Dashed lines" not in without
    assert "Gray dashes" in without


def test_several_defenses_have_dashes_of_their_own_and_a_legend():
    table = unprotected_table()
    more = table[table["defense"] != "none"].assign(defense="two_means", defense_label="half of them")
    one, both = (svg_of(DRAW["unprotected"](rows)) for rows in (table, pd.concat([table, more])))
    for dashes in ("6,3", "2,2"):
        assert len(re.findall(rf'stroke="#aa4499"[^>]*stroke-dasharray="{dashes}"', both)) == 2
    names = {"no defense", "without detected pictures", "half of them"}
    assert names <= set(texts(both))
    assert not names & set(texts(one))
