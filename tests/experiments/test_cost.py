"""Seconds per picture: which attacks have them, their averages against a direct computation, and their figure."""

from itertools import product

import cost_tables
import numpy as np
import pandas as pd
import pytest
from configurations import configuration
from figures_read_back import color_of, svg_of, symbols, texts

from uncloak.errors import InputError
from uncloak.experiments.cost import Options
from uncloak.experiments.cost.figure import seconds_per_picture
from uncloak.experiments.cost.measure import MEASURED, average, measure
from uncloak.experiments.given import Given
from uncloak.plan import attacks, experiments
from uncloak.plan.asked import Asked
from uncloak.tables import read_table, write_table

USERS = ("eve", "bob", "ann", "dan", "cid")
THEIRS = {"layout": "folder", "name": "{stem}_cloaked", "pictures": "faces"}
LABELS = {"fawkes_v10": "Fawkes v1.0", "lowkey": "LowKey"}


def times(seed, steps=50):
    """What a job tells of seven pictures, two each of two users."""
    random = np.random.default_rng(seed)
    pictures = [f"{user}/{stem}" for user, stem in [*((user, 0) for user in USERS), ("ann", 1), ("bob", 1)]]
    seconds = random.uniform(1, 9, len(pictures))
    told = {"seconds": seconds, "cpu_seconds": seconds / 3, "pixels": random.integers(2000, 9000, len(pictures))}
    return pd.DataFrame({"picture": pictures, **told, "steps": steps, "device": "cpu (some processor) in float32"})


@pytest.fixture
def given(tmp_path):
    tables = {"fawkes_v10": times(1, None), "lowkey": times(2)}
    for attack, table in tables.items():
        write_table(table, tmp_path / f"{attack}.csv")
    files = [str(tmp_path / f"{attack}.csv") for attack in tables]
    told = {"dataset": "d", "seed": 3, "attacks": list(tables), "labels": LABELS}
    return Given({"times": files}, told)


def test_what_jobs_tell_stands_in_one_table(given, tmp_path):
    table = measure(given)
    assert tuple(table) == MEASURED
    assert table["user"].tolist() == [*USERS, "ann", "bob"] * 2
    own = table[table["attack"] == "lowkey"]
    pd.testing.assert_frame_equal(
        own[["picture", "seconds"]].reset_index(drop=True), times(2)[["picture", "seconds"]], rtol=1e-5
    )
    # It is read again as it was written, steps that a method has not got, too.
    write_table(table, tmp_path / "errors.csv")
    again = read_table(tmp_path / "errors.csv", *MEASURED)
    assert again["steps"].isna().sum() == 7


def test_averages_are_over_users_and_so_are_the_intervals(given):
    """Against all 3125 ways to draw five users out of five."""
    rows = average(given, measure(given)).set_index("attack")
    assert rows["attack_label"].to_dict() == LABELS
    assert set(rows["n_users"]) == {5}
    assert set(rows["n_pictures"]) == {7}
    assert rows["steps"].isna().tolist() == [True, False]
    assert rows.loc["lowkey", ["steps", "device", "seed", "dataset"]].tolist() == [
        *(50, "cpu (some processor) in float32", 3, "d")
    ]
    for attack, seed in (("fawkes_v10", 1), ("lowkey", 2)):
        table, row = times(seed), rows.loc[attack]
        assert row["pixels"] == pytest.approx(table["pixels"].mean())
        for name in ("seconds", "cpu_seconds"):
            own = np.float64(
                [table.loc[table["picture"].str.startswith(f"{user}/"), name].mean() for user in sorted(USERS)]
            )
            drawn = np.float64([own[list(chosen)].mean() for chosen in product(range(5), repeat=5)])
            assert row[name] == pytest.approx(own.mean(), rel=1e-5)
            ends = row[[f"{name}_low", f"{name}_high"]].to_numpy(float)
            np.testing.assert_allclose(ends, np.quantile(drawn, [0.025, 0.975]), atol=0.05 * np.ptp(own))


def test_one_user_has_no_interval(given):
    table = measure(given)
    alone = table[(table["attack"] == "fawkes_v10") | (table["user"] == "ann")]
    with pytest.raises(InputError, match="cost: pictures of 1 user are timed under attack 'lowkey'; time two users'"):
        average(given, alone)
    with pytest.raises(InputError, match="pictures is 1; it must be at least 2"):
        Options(pictures=1)


def test_who_makes_no_picture_alone_has_no_time():
    """Mixtures, others' pictures, and one mask for a whole user; a photograph has its time."""
    config = configuration(
        {
            "attacks": {
                "whole": {
                    **{"method": "lowkey", "label": "W", "released": "2021-01-01", "surrogates": ["arcface"]},
                    **{"photograph": {}, "options": {"perceptual": "dssim"}},
                },
                "theirs": {"method": "external", "label": "T", "released": "2021-01-01", "root": "theirs", **THEIRS},
            },
            "run": {"attacks": ["fawkes_v03", "fawkes_half", "opom", "whole", "theirs", "lowkey"]},
            "experiments": {"cost": {"attacks": ["fawkes_half", "opom", "whole", "theirs", "lowkey"]}},
        }
    )
    asked = Asked(config, "cost", "synthetic")
    place = "results/synthetic/experiments/cost/times/{}.csv"
    assert asked.files() == {"times": [place.format("whole"), place.format("lowkey")]}
    assert asked.told()["attacks"] == ["whole", "lowkey"]
    assert asked.told()["recognizers"] == []
    assert {"whole", "lowkey", "fawkes_v03"} <= set(attacks.one_by_one(config))
    config["experiments"]["cost"]["attacks"] = ["fawkes_half", "opom", "theirs"]
    assert experiments.made(config, "cost") == []
    assert experiments.timed_pictures(config, "cost", "synthetic") == 5


def test_one_user_is_not_timed():
    alone = configuration(
        {
            "datasets": {"synthetic": {"split": {"roles": {"user": 1}}}},
            "run": {"experiments": ["cost", "visibility"]},
        }
    )
    assert experiments.unmade(alone) == ["cost"]


def test_a_figure_has_a_marker_per_attack_on_a_logarithmic_axis():
    svg = svg_of(seconds_per_picture(cost_tables.averaged(), "Title", "Subtitle"))
    assert {"Fawkes v1.0", "LowKey (DSSIM)", "2.5 s", "16 s", "seconds per picture"} <= set(texts(svg))
    places = {attack: symbols(svg, color_of(attack))[:, 0] for attack in LABELS}
    # CPU time, then that on the clock.
    assert [len(each) for each in places.values()] == [2, 2]
    drawn = np.concatenate(list(places.values()))
    expected = np.log([1.25, 2.5, 10, 16])
    slope = np.diff(drawn) / np.diff(expected)
    np.testing.assert_allclose(slope, slope[0], rtol=1e-3)
    assert slope[0] > 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.assign(seconds_low=[2.0, 0.0]), "a time of attack 'lowkey' is not above 0"),
        (lambda table: table[:0], "has no rows"),
        (lambda table: pd.concat([table, table[1:]]), "has several rows of attack 'lowkey'"),
    ],
)
def test_a_table_of_other_rows_is_told(change, told):
    with pytest.raises(InputError, match=f"cost table: {told}; measure it again"):
        seconds_per_picture(change(cost_tables.averaged()), "Title", "Subtitle")
