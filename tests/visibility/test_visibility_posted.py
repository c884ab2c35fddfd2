"""How much each attack shows in each posted picture."""

import numpy as np
import pandas as pd

from uncloak.attacks.mixture import assign
from uncloak.store import write_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.pictures import MEASURES
from uncloak.visibility.posted import by_picture, read_measured
from uncloak.visibility.users import COLUMNS, OPTIONAL, visibility

POSTED = np.array([f"{user}/{stem}" for user in "ab" for stem in range(4)])


def test_a_mixture_shows_what_its_attacks_do(tmp_path):
    order = np.random.default_rng(0).permutation(len(POSTED))
    for level, attack in enumerate(("one", "two")):
        arrays = {"picture": POSTED[order], **dict.fromkeys(MEASURES, 10.0 * level + order)}
        write_arrays(tmp_path / f"{attack}.h5", arrays, {})
    write_table(pd.DataFrame({"picture": POSTED, "lpips": range(8)}), tmp_path / "one.csv")
    measured = {
        "one": read_measured(tmp_path / "one.h5", tmp_path / "one.csv"),
        "two": read_measured(tmp_path / "two.h5"),
    }
    shares = {"one": 0.5, "two": 0.5}
    table = by_picture("d", POSTED, {"one": {}, "both": shares}, measured, 3)
    assert set(table) == set(COLUMNS)
    assert list(table)[:4] == ["dataset", "attack", "user", "picture"]
    alone, both = (table[table["attack"] == attack].set_index("picture") for attack in ("one", "both"))
    assert alone.loc[POSTED, "l2"].tolist() == list(range(8))
    assert alone.loc[POSTED, "lpips"].tolist() == list(range(8))
    assert alone.loc["b/1", "user"] == "b"
    expected = [row + 10 * (attack == "two") for row, attack in enumerate(assign(POSTED, shares, 3))]
    assert both.loc[POSTED, "l2"].tolist() == expected
    assert both["lpips"].isna().sum() == 4
    assert table["landmark_shift"].isna().all()
    # What is missing is no text when the table is read again, and is averaged to what is missing.
    write_table(table.assign(lpips=np.nan), tmp_path / "table.csv")
    write_table(visibility(read_table(tmp_path / "table.csv"), 3), tmp_path / "averages.csv")
    averages = read_table(tmp_path / "averages.csv")
    for measure in OPTIONAL:
        assert averages[[measure, f"{measure}_low", f"{measure}_high"]].dtypes.eq(np.float64).all()
        assert averages[measure].isna().all()


def test_photographs_searched_anew_tell_how_far_the_landmarks_moved(tmp_path):
    arrays = {"picture": POSTED, **dict.fromkeys(MEASURES, np.zeros(8)), "landmark_shift": np.arange(8.0)}
    write_arrays(tmp_path / "a.h5", arrays, {})
    table = by_picture("d", POSTED, {"a": {}}, {"a": read_measured(tmp_path / "a.h5")}, 3)
    assert table["landmark_shift"].tolist() == list(range(8))
