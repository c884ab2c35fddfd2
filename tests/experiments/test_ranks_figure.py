"""The figures over ranks and over false-accept rates: a panel for each extractor, at the rates of the tables."""

import numpy as np
from figures_read_back import panels_of, rates_drawn, svg_of, texts
from rate_figures import DRAW
from rate_tables import ATTACKS, EXTRACTORS, rank_table, rates_of, verification_table

BY_RELEASE = ["vggface", "robust", "magface", "clip"]


def test_ranks_fall_in_panels_by_release():
    svg = svg_of(DRAW["ranks"](rank_table()))
    for panel, extractor in zip(panels_of(svg), BY_RELEASE, strict=True):
        assert EXTRACTORS[extractor][0] in " ".join(texts(panel))
        assert [text for text in texts(panel) if text.isdigit()] == ["1", "2", "5", "10"]
        for attack in ATTACKS:
            expected = [
                rate
                for rank in (1, 2, 5, 10)
                for rate in sorted(rates_of(rank_table(), attack, extractor=extractor, rank=rank), reverse=True)
            ]
            np.testing.assert_allclose(rates_drawn(panel, attack, 200, 1.04), expected, atol=1e-4)


def test_false_accept_rates_stand_from_the_highest_to_the_lowest():
    svg = svg_of(DRAW["verification"](verification_table()))
    for panel, extractor in zip(panels_of(svg), BY_RELEASE, strict=True):
        assert EXTRACTORS[extractor][0] in " ".join(texts(panel))
        assert [text for text in texts(panel) if text in ("1 %", "0.1 %")] == ["1 %", "0.1 %"]
        for attack in ATTACKS:
            expected = [
                rates_of(verification_table(), attack, extractor=extractor, false_accept_rate=rate)[0]
                for rate in (0.01, 0.001)
            ]
            np.testing.assert_allclose(rates_drawn(panel, attack, 200, 1.04), expected, atol=1e-4)
