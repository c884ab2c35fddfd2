"""The figure over ranks and false-accept rates: a row of panels for each, at the rates of the tables."""

import numpy as np
from drawings import panels_of, rates_drawn, svg_of, texts
from rate_figures import DRAW
from rate_tables import ATTACKS, rank_table, rates_of, verification_table


def test_ranks_and_false_accept_rates_stand_in_rows():
    svg = svg_of(DRAW["ranks"](rank_table()))
    panels = panels_of(svg)
    assert len(panels) == 4
    verification = verification_table()
    for place, extractor in enumerate(("vggface", "clip")):
        ranked, accepted = panels[place], panels[2 + place]
        assert [text for text in texts(ranked) if text.isdigit()] == ["1", "2", "5", "10"]
        assert [text for text in texts(accepted) if text in ("1 %", "0.1 %")] == ["1 %", "0.1 %"]
        for attack in ATTACKS:
            expected = [
                rate
                for rank in (1, 2, 5, 10)
                for rate in sorted(rates_of(rank_table(), attack, extractor=extractor, rank=rank), reverse=True)
            ]
            np.testing.assert_allclose(rates_drawn(ranked, attack, 200, 1.04), expected, atol=1e-4)
            expected = [
                rates_of(verification, attack, extractor=extractor, false_accept_rate=rate)[0] for rate in (0.01, 0.001)
            ]
            np.testing.assert_allclose(rates_drawn(accepted, attack, 200, 1.04), expected, atol=1e-4)
