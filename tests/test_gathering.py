"""What several jobs have made, put together."""

import numpy as np
import pandas as pd

from uncloak.gathering import gather_arrays, gather_files
from uncloak.store import write_arrays
from uncloak.tables import write_table


def test_arrays_are_joined_with_the_pictures_in_order(tmp_path):
    for name, rows in (("one", [0, 2, 4]), ("two", [1, 3])):
        arrays = {"picture": np.array([f"p/{row}" for row in rows]), "faces": np.array(rows, np.uint8)[:, None]}
        write_arrays(tmp_path / name, arrays, {})
    found = gather_arrays([tmp_path / "one", tmp_path / "two"])
    assert found["picture"].tolist() == [f"p/{row}" for row in range(5)]
    assert found["faces"][:, 0].tolist() == list(range(5))


def test_files_of_all_folders_lie_in_one(tmp_path):
    for name, picture in (("one", "b/1"), ("two", "a/1")):
        (tmp_path / name / picture[0]).mkdir(parents=True)
        (tmp_path / name / f"{picture}.png").write_text(picture)
        table = pd.DataFrame({"picture": [picture], "path": [f"{picture}.png"]})
        write_table(table, tmp_path / f"{name}.csv")
    shards = ("one", "two")
    table = gather_files([tmp_path / n for n in shards], [tmp_path / f"{n}.csv" for n in shards], tmp_path / "all")
    assert table["picture"].tolist() == ["a/1", "b/1"]
    assert [(tmp_path / "all" / path).read_text() for path in table["path"]] == ["a/1", "b/1"]
