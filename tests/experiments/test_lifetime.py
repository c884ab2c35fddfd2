"""How long a cloak lasts: the lines are those of an attack posted once, counted from its release."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from figures_read_back import panels_of, svg_of, texts
from lifetime_tables import ATTACKS, EXTRACTORS, RATES, protection

from uncloak.errors import InputError
from uncloak.experiments.lifetime.figure import cloak_lifetimes, lifetimes
from uncloak.figures import theme


def test_lines_follow_the_newest_and_the_lowest():
    rows = lifetimes(protection(), [*ATTACKS], ["robust"])
    assert rows["extractor"].tolist() == 2 * ["arcface", "magface", "robust", "clip"]
    for attack, released in ATTACKS.items():
        own = rows[rows["attack"] == attack]
        rates = RATES[attack]
        for row in own.itertuples():
            day = max(row.released, released)
            there = {name: date for name, (_, date) in EXTRACTORS.items() if date and date <= day}
            assert row.lowest == min(rates[name] for name in there)
            oblivious = {name: date for name, date in there.items() if name != "robust"}
            assert row.newest == rates[max(oblivious, key=oblivious.get)]
            between = datetime.date.fromisoformat(row.released) - datetime.date.fromisoformat(released)
            assert row.days == between.days
    lowkey = rows[rows["attack"] == "lowkey"]
    # The tuned one is no step of the solid line, and the lowest rate never rises.
    assert lowkey["newest"].tolist() == [0.6, 0.9, 0.9, 0.8]
    assert lowkey["lowest"].tolist() == [0.6, 0.6, 0.1, 0.1]


def test_rows_of_other_experiments_and_their_order_do_not_count():
    table = protection()
    mixed = pd.concat([table.assign(classifier="end to end"), table.assign(channel="half"), table]).sample(
        frac=1, random_state=1
    )
    expected = lifetimes(table, [*ATTACKS], ["robust"])
    pd.testing.assert_frame_equal(lifetimes(mixed, [*ATTACKS], ["robust"]), expected)
    one = lifetimes(table, ["fawkes_v10"], ["robust"])
    pd.testing.assert_frame_equal(one, expected[expected["attack"] == "fawkes_v10"].reset_index(drop=True))


def drawn(table: pd.DataFrame, attacks=tuple(ATTACKS)) -> str:
    rows = lifetimes(table, attacks, ["robust"])
    return svg_of(cloak_lifetimes(rows, attacks, "How long?", "20 users."))


def steps(panel: str, dashed: bool) -> np.ndarray:
    """Return the corners of a panel's solid or dashed line, as column and rate."""
    paths = re.findall(r'aria-roledescription="line mark"[^>]* d="([^"]+)"[^>]*stroke-dasharray="([^"]*)"', panel)
    path = next(path for path, dashes in paths if (dashes == "5,4") == dashed)
    corners = np.array(re.findall(r"([\d.]+),([\d.]+)", path), dtype=float)
    # 128 points a column from -0.5; 150 points stand for rates 0 to 1.22.
    return np.column_stack([corners[:, 0] / 128 - 0.5, 1.22 * (1 - corners[:, 1] / 150)])


def test_lines_begin_at_the_release_and_step_with_every_extractor():
    lowkey, fawkes = panels_of(drawn(protection()))
    corners = steps(lowkey, dashed=True)
    # From the release, between ArcFace and MagFace, down at the tuned extractor, to the end.
    np.testing.assert_allclose(corners[0], [0.5, 0.6], atol=1e-3)
    np.testing.assert_allclose(corners[-1], [3.5, 0.1], atol=1e-3)
    assert [2, 0.6] in np.round(corners, 2).tolist()
    assert [2, 0.1] in np.round(corners, 2).tolist()
    corners = steps(fawkes, dashed=False)
    np.testing.assert_allclose(corners[[0, -1]], [[1.5, 0.45], [3.5, 0.12]], atol=1e-3)


def test_what_is_written():
    svg = drawn(protection())
    written = texts(svg)
    assert {"LOWKEY, released 2021-01-19", "FAWKES_V10, released 2021-04-29"} <= set(written)
    # 51, 121, 190 and 21, 90 days.
    later = [text for text in written if "later" in text]
    assert later == [f"{months} months later" for months in ("1.7", "4.0", "6.2", "0.7", "3.0")]
    assert "raw pixels" not in written
    lowkey, _ = panels_of(svg)
    color = theme.attack_styles(["lowkey"])[0].color
    hollow = re.findall(rf'fill="{theme.PAPER}" stroke="{color}"[^>]*', lowkey)
    assert len(hollow) == 1
    assert 'opacity="0.4"' in hollow[0]


def test_an_attack_older_than_all_extractors_is_drawn():
    table = protection().assign(
        attack_released=lambda table: table["attack_released"].where(table["attack"] == "none", "2014-01-01")
    )
    rows = lifetimes(table, ["lowkey"], ["robust"])
    assert rows["newest"].tolist() == [0.6, 0.9, 0.9, 0.8]
    (panel,) = panels_of(drawn(table, ["lowkey"]))
    np.testing.assert_allclose(steps(panel, dashed=False)[0], [0, 0.6], atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="clean_error"), "no column 'clean_error'"),
        (
            lambda table: table[table["attack"] != "lowkey"],
            "attack 'lowkey', which has not been measured; choose among fawkes_v10",
        ),
        (lambda table: pd.concat([table, table]), "several rows"),
        (lambda table: table.assign(clean_error=3), "'clean_error' must be numbers in [0, 1], not percent"),
        (lambda table: table.assign(attack_released=""), "attack 'lowkey', which has not been measured"),
    ],
)
def test_bad_tables_are_told(change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        lifetimes(change(protection()), [*ATTACKS], ["robust"])
    assert "\n" not in str(caught.value)
