"""The figure of collusion: whom the users' probes are taken for, as shares of stacked bars."""

import re

import numpy as np
import pandas as pd
import pytest
from figures_read_back import panels_of, svg_of, texts
from rate_figures import FIGURE
from rate_tables import COLLUDERS, COLLUDING, collusion_table

from uncloak.errors import InputError
from uncloak.experiments.collusion.figure import OUTCOMES, SETTINGS, collusion, outcomes
from uncloak.recognition.intervals import rate_interval


def test_outcomes_are_means_over_users_with_their_intervals():
    table = collusion_table()
    averaged = outcomes(table.sample(frac=1, random_state=1), COLLUDERS, COLLUDING)
    assert len(averaged) == len(COLLUDERS) * len(SETTINGS) * len(COLLUDING) * len(OUTCOMES)
    whose = {
        "accurate model alone": ("magface", "none"),
        "robust model alone": ("clip", "none"),
        "confidence threshold": ("magface", "unsure_clip"),
        "threshold and detector": ("magface", "unsure_clip+looks"),
    }
    for setting, (extractor, defense) in whose.items():
        for attack in COLLUDING:
            users = table[
                (table["extractor"] == extractor) & (table["defense"] == defense) & (table["attack"] == attack)
            ]
            values = dict(
                zip(OUTCOMES, (1 - users["error"], users["taken_for_partner"], users["taken_for_other"]), strict=True)
            )
            rows = averaged[
                (averaged["system"] == "magface_clip")
                & (averaged["setting"] == setting)
                & (averaged["attack"] == attack)
            ]
            assert rows["outcome"].tolist() == list(OUTCOMES)
            for row in rows.itertuples():
                own = values[row.outcome].to_numpy()
                assert row.share == pytest.approx(sum(own) / 5)
                assert (row.low, row.high) == pytest.approx(rate_interval(own, [9] * 5))
                assert (row.n_users, row.n_probes, row.seed) == (5, 45, 7)


def test_stacked_bars_are_the_shares_in_every_panel():
    averaged = outcomes(collusion_table(), COLLUDERS, COLLUDING)
    svg = svg_of(collusion(averaged, *FIGURE))
    panels = panels_of(svg)
    assert len(panels) == len(COLLUDERS) * len(SETTINGS)
    for place, setting in enumerate(SETTINGS):
        for column, system in enumerate(COLLUDERS):
            panel = panels[place * len(COLLUDERS) + column]
            assert setting in texts(panel)
            assert (COLLUDERS[system]["label"] in texts(panel)) == (place == 0)
            own = averaged[(averaged["system"] == system) & (averaged["setting"] == setting)]
            for outcome, color in zip(OUTCOMES, ("#c9c9c9", "#e69f00", "#56b4e9"), strict=True):
                bars = re.findall(rf'd="M([\d.]+),([\d.]+)h([\d.]+)v[^>]*fill="{color}"', panel)
                bars = np.array(sorted(bars, key=lambda bar: float(bar[1])), dtype=float)
                shares = own.loc[own["outcome"] == outcome, "share"].to_numpy()
                np.testing.assert_allclose(bars[:, 2] / 330, shares, atol=1e-4)
                # Each part begins where the one before ends.
                earlier = own[own["outcome"].isin(OUTCOMES[: OUTCOMES.index(outcome)])]
                starts = earlier.groupby("attack", sort=False)["share"].sum() if len(earlier) else 0
                np.testing.assert_allclose(bars[:, 0] / 330, starts, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="taken_for_other"), "no column 'taken_for_other'"),
        (
            lambda table: table[table["defense"] != "unsure_clip+looks"],
            "has no rows of 'magface' with defense 'unsure_clip+looks' under attack 'lowkey'",
        ),
        (lambda table: table[table["attack"] != "lowkey_collusion"], "under attack 'lowkey_collusion'"),
        (lambda table: pd.concat([table, table]), "user 'u0' stands twice"),
        (lambda table: table.assign(taken_for_other=0.9), "do not add up to 1"),
        (lambda table: table.assign(error=np.nan), "do not add up to 1"),
    ],
)
def test_bad_collusion_tables_are_told(change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        outcomes(change(collusion_table()), COLLUDERS, COLLUDING)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="has no rows"):
        collusion(outcomes(collusion_table(), {}, COLLUDING), *FIGURE)
