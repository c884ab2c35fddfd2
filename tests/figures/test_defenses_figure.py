"""Figures of defenses: extractors without and with each, and what robust training was done on."""

import json
import re

import numpy as np
import pytest
from figures_read_back import color_of, panels_of, rates_drawn, svg_of, symbols, texts
from rate_figures import DRAW
from rate_tables import ATTACKS, DEFENSES, TRAINED_ON, defense_table, matrix_table, rates_of

from uncloak.figures import theme


def test_defenses_stand_in_groups_in_panels_by_release():
    table = defense_table()
    svg = svg_of(DRAW["by_defense"](table))
    # A defense may be newer than another extractor; where its panel stands the extractor says.
    for panel, extractor, heading in zip(
        panels_of(svg), ("vggface", "clip"), ("VGG-like CosFace", "CLIP stand-in"), strict=True
    ):
        assert heading in texts(panel)
        assert [text for text in texts(panel) if text in ("no defense", "robust training", "JPEG 50")] == [
            "no defense",
            "robust training",
            "JPEG 50",
        ]
        everywhere = []
        for attack in ATTACKS:
            expected = [rates_of(table, attack, extractor=extractor, defense=name)[0] for name in DEFENSES]
            np.testing.assert_allclose(rates_drawn(panel, attack, 300, 1.07), expected, atol=1e-4)
            everywhere.append(symbols(panel, color_of(attack))[:, 0])
        # The attacks in their order without defense, then with each; numbers of 22 points have room.
        assert np.diff(np.concatenate(np.transpose(everywhere))).min() > 22
    assert {"41", "42", "90.3", "91"} <= set(texts(svg))
    assert "Hollow markers" in svg
    assert "Gray dashes" in svg


def test_extractors_without_some_defense_have_fewer_groups():
    table = defense_table().query("extractor == 'vggface' or defense != 'robust_training'")
    older, newer = panels_of(svg_of(DRAW["by_defense"](table)))
    assert "robust training" in texts(older)
    assert "robust training" not in texts(newer)
    assert len(symbols(newer, color_of("lowkey"))) == 2


def test_clean_error_crosses_its_group():
    table = defense_table().query("extractor == 'vggface'")
    table["clean_error"] = [0.02 * (1 + place // len(ATTACKS)) for place in range(len(table))]
    svg = svg_of(DRAW["by_defense"](table))
    rules = re.findall(
        r'<line [^>]*transform="translate\(([\d.]+),([\d.]+)\)" x2="([\d.]+)" y2="0"[^>]*stroke-dasharray', svg
    )
    starts, heights, lengths = np.array(sorted(rules, key=lambda rule: float(rule[0])), dtype=float).T
    np.testing.assert_allclose(1.07 * (1 - heights / 300), [0.02, 0.04, 0.06], atol=1e-4)
    everywhere = np.concatenate([symbols(svg, color_of(attack))[:, 0] for attack in ATTACKS]).reshape(-1, 3)
    for group, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        # From edge to edge: as far from the first marker as from the last.
        places = everywhere[:, group]
        assert start < places.min() < places.max() < start + length
        assert places.min() - start == pytest.approx(start + length - places.max(), abs=0.01)


def test_matrix_has_every_cell_with_its_number_and_outlines_what_was_trained_on():
    table = matrix_table()
    spec = json.loads(DRAW["training_matrix"](table).to_json())
    (rows,) = spec["datasets"].values()
    cells = {(row["defense"], row["attack"]): row for row in rows}
    assert set(cells) == {(defense, attack) for defense in TRAINED_ON for attack in ATTACKS}
    trained = {cell for cell, row in cells.items() if row["trained"]}
    assert trained == {("on_both", "fawkes_v10"), ("on_both", "lowkey"), ("on_lowkey", "lowkey")}
    svg = svg_of(DRAW["training_matrix"](table))
    outlines = re.findall(rf'd="M([\d.]+),([\d.]+)h[^>]*stroke="{theme.INK}" stroke-width="2"', svg)
    columns = [text for text in texts(svg) if text in ATTACKS.values()]
    assert columns == list(ATTACKS.values())
    # Two in the second row, one in the third.
    heights = sorted(float(y) for _, y in outlines)
    assert heights[0] == heights[1] < heights[2]
    assert {"91", "42", "34 to 44 %"} <= set(texts(svg))


def test_matrix_is_darker_where_more_is_protected_and_numbers_stay_readable():
    svg = svg_of(DRAW["training_matrix"](matrix_table()))
    fills = re.findall(r'aria-roledescription="rect mark"[^>]*fill="rgb\((\d+), (\d+), (\d+)\)"', svg)
    shades = np.array(fills, dtype=float).sum(axis=1)
    drawn = json.loads(DRAW["training_matrix"](matrix_table()).to_json())["datasets"].popitem()[1]
    rates = np.array([row["protection_rate"] for row in drawn])
    assert (np.diff(shades[np.argsort(rates)]) <= 0).all()
    for rate, shade in zip(rates, np.array(fills, dtype=float), strict=True):
        ink = theme.PAPER if rate >= 0.65 else theme.INK
        assert contrast(shade, [int(ink[place : place + 2], 16) for place in (1, 3, 5)]) > 3.5


def contrast(*colors) -> float:
    """Return the contrast ratio of two colors by WCAG 2.1."""
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in np.array(colors, float) / 255]
    bright, dark = sorted((np.dot(c, [0.2126, 0.7152, 0.0722]) for c in linear), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_headings_of_several_lines_do_not_reach_into_the_matrix():
    table = matrix_table()
    long = table["attack_label"].replace("LowKey", "LowKey with SSIM and a mean over many surrogates")
    for labeled, lines in ((table, 1), (table.assign(attack_label=long), 3)):
        svg = svg_of(DRAW["training_matrix"](labeled))
        labels = svg[svg.index("role-axis-label") :]
        heights = re.findall(r'transform="translate\([\d.]+,(-[\d.]+)\)"', labels[: labels.index("</g>")])
        assert len(heights) == len(ATTACKS)
        assert max(map(float, heights)) + 15 * (lines - 1) < 0
