"""The figure of two-model systems: beside their models alone, at the rates of the tables."""

import numpy as np
import pandas as pd
from figures_read_back import panels_of, rates_drawn, svg_of, texts
from rate_figures import DRAW, FIGURE
from rate_tables import ATTACKS, TOGETHER, rates_of, system_table

from uncloak.experiments.systems.figure import systems


def test_systems_stand_before_models_alone_at_the_rank_that_is_fair():
    table = system_table()
    svg = svg_of(DRAW["systems"](table))
    top, unsure = panels_of(svg)
    for panel, heading, defense, rank in ((top, "top 2", "top", 2), (unsure, "confidence threshold", "unsure", 1)):
        assert [text for text in texts(panel) if text in ("top 2", "confidence threshold")] == [heading]
        for attack in ATTACKS:
            # Systems in the order asked for, then the accurate model, then the others.
            expected = [rates_of(table, attack, defense=f"{defense}_{name}")[0] for name in ("robust", "clip")]
            expected += [
                rates_of(table, attack, extractor=name, rank=rank, defense="none")[0]
                for name in ("magface", "robust", "clip")
            ]
            np.testing.assert_allclose(rates_drawn(panel, attack, 300, 1.07), expected, atol=1e-4)
    assert "2 nearest" in " ".join(texts(top))
    assert "nearest" not in " ".join(texts(unsure))


def test_one_way_to_ask_is_one_panel():
    table = system_table()
    (panel,) = panels_of(svg_of(systems(table, list(ATTACKS), {"top_clip": TOGETHER["top_clip"]}, *FIGURE)))
    assert "top 2" in texts(panel)
    assert "confidence threshold" not in texts(panel)


def test_systems_of_the_same_models_stand_apart():
    table = system_table()
    stricter = table[table["defense"] == "unsure_clip"].assign(
        defense="stricter", defense_label="CLIP, rarely", protection_rate=0.77, high=0.8
    )
    asked = {"unsure_clip": TOGETHER["unsure_clip"], "stricter": TOGETHER["unsure_clip"]}
    svg = svg_of(systems(pd.concat([table, stricter]), list(ATTACKS), asked, *FIGURE))
    (panel,) = panels_of(svg)
    clip = rates_of(table, "lowkey", defense="unsure_clip")
    alone = [rates_of(table, "lowkey", extractor=name, rank=1, defense="none")[0] for name in ("magface", "clip")]
    np.testing.assert_allclose(rates_drawn(panel, "lowkey", 300, 1.07), [*clip, 0.77, *alone], atol=1e-4)
    assert "MagFace IR-ResNet + CLIP, rarely" in " ".join(texts(panel))
