"""The figure of classifiers: without defense and with robust training, at the rates of the table."""

import numpy as np
from figures_read_back import panels_of, rates_drawn, svg_of, texts
from rate_figures import DRAW
from rate_tables import ATTACKS, CLASSIFIERS, classifier_table, rates_of


def test_classifiers_stand_in_a_panel_without_defense_and_in_one_with_each():
    table = classifier_table()
    svg = svg_of(DRAW["classifiers"](table))
    for panel, defense, heading in zip(
        panels_of(svg), ("none", "robust_training"), ("no defense", "robust training"), strict=True
    ):
        assert heading in texts(panel)
        assert "(6 users)" in texts(panel)
        for attack in ATTACKS:
            expected = [rates_of(table, attack, classifier=name, defense=defense)[0] for name in CLASSIFIERS]
            np.testing.assert_allclose(rates_drawn(panel, attack, 300, 1.07), expected, atol=1e-4)
    # Without attack all users are measured with one classifier.
    unattacked = table.assign(n_users=table["n_users"].mask(table["attack"] == "none", 20))
    assert (unattacked["n_users"] != table["n_users"]).any()
    assert texts(svg_of(DRAW["classifiers"](unattacked))).count("(6 users)") == 2
    same = svg_of(DRAW["classifiers"](table.assign(n_users=20)))
    assert "(20 users)" not in texts(same)
