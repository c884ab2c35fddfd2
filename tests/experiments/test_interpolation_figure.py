"""The figure over alpha: every attack's line at the rates and places of its table."""

import numpy as np
import pandas as pd
import pytest
from figures_read_back import color_of, rates_drawn, svg_of, symbols, texts
from rate_tables import ATTACKS, interpolation_table, rates_of

from uncloak.errors import InputError
from uncloak.experiments.interpolation.figure import interpolation

NAMED = {"clip_0": "not tuned", "clip_6": "interpolated"}


def drawn(table):
    return svg_of(interpolation(table, list(ATTACKS), NAMED, "Title", "20 users, seed 7."))


def test_rates_stand_over_alpha():
    svg, table = drawn(interpolation_table()), interpolation_table().sort_values("alpha")
    # The legend's markers come first.
    panel = svg[svg.index("mark-line") :]
    for attack in ATTACKS:
        np.testing.assert_allclose(rates_drawn(panel, attack, 260, 1.04), rates_of(table, attack), atol=1e-4)
        places = symbols(panel, color_of(attack))[:, 0]
        np.testing.assert_allclose((places - places[0]) / np.ptp(places), [0, 0.3, 0.6, 1], atol=1e-3)
    written = texts(svg)
    assert [text for text in written if text in ("0", "0.3", "0.6", "1")] == ["0", "0.3", "0.6", "1"]
    assert {"not tuned", "interpolated"} <= set(written)


def test_an_extractor_that_stands_twice_is_told():
    table = interpolation_table()
    with pytest.raises(InputError, match="stand in several rows"):
        drawn(pd.concat([table, table.iloc[:1]]))
