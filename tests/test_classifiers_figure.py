"""The figure of classifiers: without defense and with robust training, at the rates of the table."""

import numpy as np
from drawings import panels_of, rates_drawn, svg_of, texts
from rate_figures import DRAW
from rate_tables import ATTACKS, CLASSIFIERS, classifier_table, rates_of


def test_classifiers_with_robust_training_stand_on_the_robust_extractor_or_are_tuned_with_public_pairs():
    table = classifier_table()
    svg = svg_of(DRAW["classifiers"](table))
    undefended, robust = panels_of(svg)
    assert "no defense" in texts(undefended)
    assert "robust training" in texts(robust)
    assert "(6 users)" in texts(undefended)
    for attack in ATTACKS:
        expected = [
            rates_of(table, attack, extractor="vggface", classifier=name, defense="none")[0] for name in CLASSIFIERS
        ]
        np.testing.assert_allclose(rates_drawn(undefended, attack, 300, 1.07), expected, atol=1e-4)
        for place, name in enumerate(CLASSIFIERS):
            where = {"extractor": "robust", "defense": "none"}
            if name == "end to end":
                where = {"extractor": "vggface", "defense": "robust training"}
            expected[place] = rates_of(table, attack, classifier=name, **where)[0]
        np.testing.assert_allclose(rates_drawn(robust, attack, 300, 1.07), expected, atol=1e-4)
    same = svg_of(DRAW["classifiers"](table.assign(n_users=20)))
    assert "(20 users)" not in texts(same)
