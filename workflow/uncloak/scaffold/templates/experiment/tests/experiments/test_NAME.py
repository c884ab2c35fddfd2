"""NAME: what is measured, and what is drawn of it."""

import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.experiments import NAME as experiment
from uncloak.experiments.given import Given

RATES = {("none", "old"): 0.1, ("none", "new"): 0.05, ("lowkey", "old"): 0.9, ("lowkey", "new"): 0.4}
RELEASED = {"old": "2018-01-01", "new": "2021-01-01"}
WORDS = {
    "method": "NAME",
    "title": "Votes",
    "dataset_label": "drawn",
    "seed": 7,
    "paper": "",
    "options": {"share": 0.5},
}


def averaged() -> pd.DataFrame:
    names = {"dataset": "d", "channel": "png", "n_users": 20, "n_probes": 99, "seed": 7, "white_box": False}
    return pd.DataFrame(
        [
            {
                **names,
                **{"attack": attack, "attack_label": attack, "extractor": extractor, "extractor_label": extractor},
                **{"released": RELEASED[extractor], "protection_rate": rate, "low": 0.0, "high": 1.0},
            }
            for (attack, extractor), rate in RATES.items()
        ]
    )


def test_probes_vote():
    measure = Given({}, WORDS).module("measure")
    errors = pd.DataFrame({"user": list("abcd"), "error": [0.0, 0.5, 0.75, 1.0]})
    assert measure.voted(errors, 0.5)["error"].tolist() == [0, 0, 1, 1]
    assert measure.voted(errors, 0.25)["error"].tolist() == [0, 0, 0, 1]
    assert measure.voted(errors, 1.0)["error"].tolist() == [0, 1, 1, 1]


def test_rates_are_drawn_by_extractor_from_old_to_new(tmp_path):
    averaged().to_csv(tmp_path / "table.csv", index=False)
    given = Given({"table": [str(tmp_path / "table.csv")]}, {**WORDS, "attacks": {"lowkey": "LowKey"}})
    chart, rows = given.module("figure").draw(given)
    assert dict(zip(zip(rows["attack"], rows["extractor"], strict=True), rows["protection_rate"], strict=True)) == RATES
    drawn = chart.to_dict()
    assert drawn["title"]["text"] == "Votes"
    assert "less than 50%" in " ".join(drawn["title"]["subtitle"])
    assert [layer["encoding"]["x"]["sort"] for layer in drawn["layer"]] == 2 * [["old", "new"]]


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_wrong_options_are_told(share):
    with pytest.raises(InputError, match=f"share is {share}"):
        experiment.Options(share=share)
