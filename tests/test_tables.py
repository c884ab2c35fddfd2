"""Tables of somebody else, or of another version: whatever is read says what it needs, and what is wrong is named."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.tables import read_table, read_text, write_table

WORKFLOW = Path(__file__).resolve().parents[1] / "workflow"
WHOLE = pd.DataFrame(
    {
        **{"user": ["007", "nan"], "white_box": [True, False], "error": [0.25, 1.0], "rank": [1, 50]},
        **{"lpips": [None, 0.5], "extractor_label": ["10", "20"], "note": ["", "x"]},
    }
)
NEEDED = ("user", "white_box", "error", "rank", "lpips", "extractor_label")


def fault(path, *columns, **how) -> str:
    with pytest.raises(InputError) as raised:
        read_table(path, *columns, **how)
    told = str(raised.value)
    assert "\n" not in told
    assert told.startswith(f"{path}: ")
    return told


def test_columns_hold_what_was_written(tmp_path):
    write_table(WHOLE, tmp_path / "table.csv")
    found = read_table(tmp_path / "table.csv", *NEEDED)
    # A label of digits alone stays text, for figures wrap it.
    assert found["extractor_label"].tolist() == ["10", "20"]
    assert found["user"].tolist() == ["007", "nan"]
    assert found["white_box"].tolist() == [True, False]
    assert found["rank"].dtype == np.int64
    np.testing.assert_array_equal(found["lpips"], [np.nan, 0.5])
    assert read_table(tmp_path / "table.csv")["note"].tolist() == ["", "x"]


@pytest.mark.parametrize("column", NEEDED)
def test_a_missing_or_renamed_column_is_named(column, tmp_path):
    path = tmp_path / "table.csv"
    for other in (WHOLE.drop(columns=column), WHOLE.rename(columns={column: column.upper()})):
        write_table(other, path)
        assert f"has no column '{column}'" in (told := fault(path, *NEEDED))
        assert told.endswith("; delete it and run again")
    assert fault(path, column, mend="write it anew").endswith("; write it anew")


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("error", [0.5, "many"], "line 3: error 'many' is no number"),
        ("error", [None, 0.5], "line 2: error '' is no number"),
        ("error", ["nan", 0.5], "line 2: error 'nan' is no number"),
        ("rank", [True, False], "line 2: rank 'True' is no number"),
        ("lpips", [None, "many"], "line 3: lpips 'many' is no number"),
        ("white_box", [True, "perhaps"], "line 3: white_box 'perhaps' is no truth value"),
        ("white_box", [1, 0], "line 2: white_box '1' is no truth value"),
    ],
)
def test_a_column_of_another_kind_is_named(column, values, told, tmp_path):
    write_table(WHOLE.assign(**{column: values}), tmp_path / "table.csv")
    assert told in fault(tmp_path / "table.csv", *NEEDED)


def test_what_is_known_of_a_column_is_looked_at_unasked(tmp_path):
    write_table(WHOLE.assign(lpips="many"), tmp_path / "table.csv")
    assert "line 2: lpips 'many' is no number" in fault(tmp_path / "table.csv", "user")


def test_numbers_may_be_missing_where_a_reader_says_so(tmp_path):
    write_table(WHOLE.assign(error=[None, 0.5]), tmp_path / "table.csv")
    np.testing.assert_array_equal(read_table(tmp_path / "table.csv", "error", gaps=["error"])["error"], [np.nan, 0.5])


def test_numbers_too_large_for_the_machine_are_numbers(tmp_path):
    (tmp_path / "table.csv").write_text(f"error\n{'9' * 30}\n1\n")
    assert read_table(tmp_path / "table.csv", "error")["error"].tolist() == [1e30, 1.0]


def test_rows_of_more_values_than_columns_move_nothing(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("user,error\nann,bob,0.5\n")
    assert "rows of more values than there are columns" in fault(path)
    with pytest.raises(InputError, match="more values than there are columns"):
        read_text(path, "user")


def test_a_table_of_names_alone_has_no_rows(tmp_path):
    (tmp_path / "table.csv").write_text("user,error,white_box\n")
    assert read_table(tmp_path / "table.csv", "user", "error", "white_box").empty


def test_whoever_reads_a_table_says_which_columns_it_needs():
    readers = [
        (path.relative_to(WORKFLOW).as_posix(), call.lineno, ast.unparse(call))
        for path in WORKFLOW.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("read_table", "read_text", "given.table")
        if len(call.args) < 2
    ]
    assert readers == []
