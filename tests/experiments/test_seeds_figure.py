"""The figure over seeds: a panel for each extractor, with means and the ends of the seeds' means at their places."""

import numpy as np
from figures_read_back import panels_of, rates_drawn, svg_of, texts
from rate_tables import ATTACKS, EXTRACTORS, seed_table

from uncloak.experiments.seeds.figure import by_repeat


def test_means_and_ends_of_seeds_stand_where_the_table_says():
    table = seed_table()
    svg = svg_of(by_repeat(table, list(ATTACKS), "Seeds", "All of them."))
    for panel, extractor in zip(panels_of(svg), ["vggface", "robust", "magface", "clip"], strict=True):
        assert EXTRACTORS[extractor][0] in " ".join(texts(panel))
        assert [text for text in texts(panel) if text in ("extractor", "cloak", "split")] == [
            "extractor",
            "cloak",
            "split",
        ]
        for attack in ATTACKS:
            own = table[(table["extractor"] == extractor) & (table["attack"] == attack)]
            expected = np.sort(own[["protection_rate", "lowest_seed", "highest_seed"]].to_numpy().ravel())
            np.testing.assert_allclose(np.sort(rates_drawn(panel, attack, 200, 1.04)), expected, atol=1e-4)
