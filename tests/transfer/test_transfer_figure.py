"""The figure of accuracy by release."""

import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.transfer import ENSEMBLE
from uncloak.transfer.evaluation import rows
from uncloak.transfer.figure import labeled, transfer_over_time

RECORDS = {
    "new": {"label": "ConvNeXt", "released": "2022-01-10"},
    "old": {"label": "GoogLeNet", "released": "2014-09-17"},
}


def measured():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 5)
    tables = []
    for name in RECORDS:
        said = {condition: random.normal(size=(30, 6)) for condition in ("clean", "transferred")}
        tables.append(rows(name, said, labels, 3))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(in_ensemble=table["classifier"] == "old")


def test_the_figure_draws_what_the_table_says():
    table = labeled(measured(), RECORDS)
    assert list(table["classifier"]) == ["old", "old", "new", "new"]
    chart = transfer_over_time(table, {"epsilon": 16 / 255, "steps": 20}, "drawn objects").to_dict()
    subtitle = " ".join(chart["title"]["subtitle"])
    for said in ("16/255, 20 steps", "30 test pictures of 6 classes of drawn objects", "Seed 3"):
        assert said in subtitle
    top1, top5 = chart["vconcat"]
    for panel, column in ((top1, "top1"), (top5, "top5")):
        points = next(layer for layer in panel["layer"] if layer["mark"]["type"] == "point")
        assert points["encoding"]["y"]["field"] == column
        assert points["encoding"]["x"]["sort"] == ["old", "new"]
        drawn = chart["datasets"][points.get("data", panel.get("data"))["name"]]
        assert [row[column] for row in drawn] == list(table[column])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="top5_low"), "has no column 'top5_low'"),
        (lambda table: table.iloc[1:], "each classifier needs one row for each of clean, transferred"),
        (lambda table: pd.concat([table, table]), "each classifier needs one row"),
        (lambda table: table.assign(top1_high=100 * table["top1_high"] + 2), "'top1' must be numbers"),
    ],
)
def test_faulty_tables_are_not_drawn(change, message):
    with pytest.raises(InputError, match=message):
        transfer_over_time(change(labeled(measured(), RECORDS)), {"epsilon": 0.1, "steps": 2}, "objects")


def test_classifiers_without_a_record_or_a_date_are_refused():
    with pytest.raises(InputError, match="classifier 'new': has no record"):
        labeled(measured(), {"old": RECORDS["old"]})
    with pytest.raises(InputError, match="released '2022' is not YYYY-MM-DD"):
        labeled(measured(), RECORDS | {"new": {"label": "ConvNeXt", "released": "2022"}})


def test_the_ensemble_stands_beside_its_newest_classifier():
    table = measured()
    of_all = table[table["in_ensemble"]].assign(classifier=ENSEMBLE)
    table = labeled(pd.concat([table, of_all], ignore_index=True), RECORDS)
    assert list(table["classifier"].unique()) == ["old", ENSEMBLE, "new"]
    assert table.query("classifier == @ENSEMBLE")["released"].unique() == ["2014-09-17"]
    chart = transfer_over_time(table, {"epsilon": 16 / 255, "steps": 20}, "drawn objects").to_dict()
    assert "surrogates" in str(chart["vconcat"][1])
