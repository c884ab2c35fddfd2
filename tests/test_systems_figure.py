"""The figure of two-model systems: beside their models alone, at the rates of the tables."""

import numpy as np
from drawings import panels_of, rates_drawn, svg_of, texts
from rate_figures import DRAW
from rate_tables import ATTACKS, rank_table, rates_of, system_table


def test_systems_stand_before_models_alone_at_the_rank_that_is_fair():
    svg = svg_of(DRAW["systems"](system_table()))
    top, threshold = panels_of(svg)
    single = rank_table().query("among == 'identities'")
    for panel, classifier, rank in ((top, "top 2", 2), (threshold, "confidence threshold", 1)):
        assert [text for text in texts(panel) if text in ("top 2", "confidence threshold")] == [classifier]
        for attack in ATTACKS:
            expected = [
                rates_of(system_table(), attack, extractor=name, classifier=classifier)[0]
                for name in ("magface_robust", "magface_clip")
            ]
            expected += [rates_of(single, attack, extractor=name, rank=rank)[0] for name in ("magface", "clip")]
            np.testing.assert_allclose(rates_drawn(panel, attack, 300, 1.07), expected, atol=1e-4)
    assert "2 nearest" in " ".join(texts(top))
    assert "nearest" not in " ".join(texts(threshold))
