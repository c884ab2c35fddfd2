"""Which extractors' numbers enter tables and figures, and which are marked: in every experiment alike."""

import json

import altair as alt
import embedded_crowd as crowd
import pandas as pd
import pytest
from figures_read_back import svg_of, texts
from test_drawing import DRAWN, given_of, run_script, told

from uncloak.errors import InputError
from uncloak.experiments.gate import entering, enters, marked, notes
from uncloak.experiments.given import Given
from uncloak.figures.notes import noted
from uncloak.recognition.comparing import compare
from uncloak.recognition.comparisons import write_comparisons
from uncloak.recognition.evaluation import evaluate
from uncloak.tables import read_table, write_table

MODELS = [
    *(["good", "none", ["good"]], ["bad", "none", ["bad"]], ["other", "jpeg", ["other"]]),
    *(["good", "tuned", ["bad"]], ["good", "both", ["good", "bad"]], ["good", "jpeg", ["good"]]),
]
ROWS = [
    *(("good", "none"), ("good", "jpeg"), ("bad", "none"), ("good", "tuned"), ("good", "both")),
    # Defenses joined, and an extractor that is no recognizer by itself.
    *(("good", "both+detector"), ("good", "jpeg+detector"), ("other", "none")),
]


def gate(folder, *names, clean_error=0.34):
    """The table of clean errors, by which these extractors are left out."""
    rows = [
        {
            "extractor": name,
            "extractor_label": f"label of {name}",
            "clean_error": clean_error,
            "largest_clean_error": 0.2,
        }
        for name in names
    ]
    rows.append({"extractor": "free", "extractor_label": "Free", "clean_error": 0.9, "largest_clean_error": None})
    table = pd.DataFrame(rows)
    write_table(table.assign(enters=enters(table)), folder / "extractors.csv")
    return {"gate": [str(folder / "extractors.csv")]}


def given(files, **says):
    return Given(files, {"experiment": "ranks", "dataset": "d", "seed": 7, "models": MODELS, "saw_people": [], **says})


def table():
    return pd.DataFrame(ROWS, columns=["extractor", "defense"]).assign(error=range(len(ROWS)))


def test_rows_of_which_an_extractor_errs_too_often_do_not_enter(tmp_path, caplog):
    with caplog.at_level("INFO"):
        kept = entering(given(gate(tmp_path, "bad")), table())
    assert list(zip(kept["extractor"], kept["defense"], strict=True)) == [
        *(("good", "none"), ("good", "jpeg"), ("good", "jpeg+detector"), ("other", "none"))
    ]
    assert caplog.messages == ["Left out: label of bad, clean error 34.0% above 20.0%."]


@pytest.mark.parametrize("clean_error", [0.2, 0.1])
def test_at_its_bound_an_extractor_enters(tmp_path, clean_error):
    assert len(entering(given(gate(tmp_path, "bad", clean_error=clean_error)), table())) == len(ROWS)
    assert notes(given(gate(tmp_path, "bad", clean_error=clean_error), marked={})) == []


def test_without_bounds_or_extractors_a_table_stays_as_it_is(tmp_path):
    whole, attacks = table(), pd.DataFrame({"attack": ["lowkey"]})
    assert entering(given({}), whole) is whole
    assert entering(given(gate(tmp_path, "bad")), attacks) is attacks
    assert marked(given({}, saw_people=["bad"]), attacks) is attacks


def test_where_nobody_is_good_enough_it_is_told(tmp_path):
    reason = r"tables of d: no extractor is left for 'ranks' \(label of good, clean error 34.0% above 20.0%; .*raise"
    with pytest.raises(InputError, match=reason):
        entering(given(gate(tmp_path, "good", "other", "bad")), table())


def test_rows_are_marked_where_one_of_their_extractors_saw_the_people():
    found = marked(given({}, saw_people=["bad", "other"]), table())
    assert found["saw_people"].tolist() == [False, False, True, True, True, True, False, True]
    assert found.drop(columns="saw_people").equals(table())


def test_the_extractors_experiment_measures_clean_errors_and_compares_them(tmp_path):
    split, errors = crowd.make_split(), {}
    for seed, name in enumerate(("one", "two")):
        comparisons = compare(crowd.make_embeddings(crowd.clusters, seed)[0], {}, split, "euclidean")
        write_comparisons(tmp_path / f"{name}.h5", comparisons, {})
        names = {"dataset": "d", "extractor": name, "seed": 7}
        errors[name] = evaluate(comparisons, {}, **names)["error"].mean()
    says = {"method": "extractors", "dataset": "d", "seed": 7, "recognizers": list(errors), "attacks": []}
    words = {"released": "2020-01-01", "released_source": "s", "trained_on": "a b"}
    says["about"] = {
        name: {"extractor_label": name.upper(), **words, "largest_clean_error": bound}
        for name, bound in (("one", errors["one"] + 1e-9), ("two", errors["two"] / 2))
    }
    given = Given({"comparisons": [str(tmp_path / f"{name}.h5") for name in errors]}, says)
    module = given.module("measure")
    found = module.average(given, module.measure(given)).set_index("extractor")
    assert errors["two"] > 0
    assert found["clean_error"].to_dict() == pytest.approx(errors)
    assert found["enters"].to_dict() == {"one": True, "two": False}
    assert found.loc["one", ["extractor_label", "trained_on"]].tolist() == ["ONE", "a b"]
    assert (found["n_users"] == len(crowd.USERS)).all()


# Figures: whoever is left out of a table is missed by no figure, and every figure says so.
LEFT_OUT = {
    "adaptive": "vggface",
    "by_extractor": "clip",
    "channels": "clip",
    "defenses": "vggface",
    "ranks": "vggface",
    "verification": "vggface",
    "open_set": "vggface",
    "visibility": "clip",
    "systems": "clip",
    "collusion": "clip",
}


def without(method, name, folder):
    """An experiment's files, without the rows that an extractor has a part in."""
    whole = given_of(method, folder)
    for key in whole.files:
        rows = whole.table(key)
        if "extractor" in rows:
            rows = rows[rows["extractor"] != name]
        if "defense" in rows:
            rows = rows[~rows["defense"].str.contains(name)]
        write_table(rows, folder / f"{key}.csv")
    return whole


@pytest.mark.parametrize("method", list(LEFT_OUT))
def test_figures_leave_out_what_does_not_enter_and_say_so(method, tmp_path):
    name = LEFT_OUT[method]
    whole = without(method, name, tmp_path)
    says = {"marked": {"FaceNet": ["ms1m"]}, "models": [[name, "none", [name]]]}
    left = Given({**whole.files, **gate(tmp_path, name, "elsewhere")}, {**whole.told, **says})
    chart, rows = left.module("figure").draw(left)
    assert len(rows)
    assert name not in set(rows.get("extractor", []))
    said = " ".join(texts(svg_of(noted(chart, notes(left)))))
    assert f"Left out: label of {name}, clean error 34.0% above 20.0%." in said
    assert "elsewhere" not in said
    assert "† Trained on people of this dataset (FaceNet: ms1m)" in said
    if method in (
        "ranks",
        "verification",
        "open_set",
        "systems",
        "collusion",
    ):  # without that reason, a gap is an error
        with pytest.raises(InputError, match=name):
            whole.module("figure").draw(whole)


def test_a_defense_whose_extractor_is_left_out_is_missed_by_no_matrix(tmp_path):
    whole = given_of("training_matrix", tmp_path)
    rows = whole.table()
    write_table(rows[rows["defense"] != "on_lowkey"], tmp_path / "table.csv")
    left = Given(
        {**whole.files, **gate(tmp_path, "tuned")}, {**whole.told, "models": [["arcface", "on_lowkey", ["tuned"]]]}
    )
    assert set(left.module("figure").draw(left)[1]["defense"]) == {"none", "on_both"}
    with pytest.raises(InputError, match="on_lowkey"):
        whole.module("figure").draw(whole)


@pytest.mark.parametrize("method", list(DRAWN))
def test_every_figure_has_room_for_notes(method, tmp_path):
    given = given_of(method, tmp_path)
    chart, _ = given.module("figure").draw(given)
    before, after = (" ".join(texts(svg_of(each))) for each in (chart, noted(chart, ["A note that is written below."])))
    assert "A note that is written below." not in before
    assert "A note that is written below." in after
    assert noted(chart, []) is chart


def test_the_job_that_averages_leaves_out_and_marks(tmp_path):
    columns = ["dataset", "attack", "channel", "extractor", "classifier", "defense", "metric", "user", "unprotected"]
    rows = [
        dict.fromkeys(columns, "x") | {"attack": attack, "extractor": name, "defense": "none", "user": user}
        for name in ("good", "bad", "seen")
        for attack in ("none", "lowkey")
        for user in "uv"
    ]
    errors = pd.DataFrame(rows).assign(channel="png", unprotected=0, rank=1, n_probes=4, error=0.25, seed=7)
    write_table(errors, tmp_path / "errors.csv")
    names = [
        {
            **{"extractor": name, "defense": "none", "extractor_label": name, "defense_label": "none"},
            **{"released": None, "known_to": []},
        }
        for name in ("good", "bad", "seen")
    ]
    attacks = {name: {"label": name, "released": "2020-07-01"} for name in ("none", "lowkey")}
    models = [[name, "none", [name]] for name in ("good", "bad", "seen")]
    says = told("protection", {"attacks": attacks, "recognizers": names, "saw_people": ["seen"], "models": models})
    files = {"errors": [str(tmp_path / "errors.csv")], **gate(tmp_path, "bad")}
    done = run_script("average", tmp_path, files, [str(tmp_path / "table.csv")], json.loads(json.dumps(says)))
    assert done.returncode == 0, done.stderr
    found = read_table(tmp_path / "table.csv")
    assert found.groupby("extractor")["saw_people"].all().to_dict() == {"good": False, "seen": True}
    assert "Left out: label of bad" in (tmp_path / "average.log").read_text()

    done = run_script("average", tmp_path, {**files, **gate(tmp_path, "good", "bad", "seen")}, ["none.csv"], says)
    assert done.returncode == 1
    assert done.stderr.startswith("error: tables of synthetic: no extractor is left")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("title", [None, "A title", ["Two", "lines"], alt.TitleParams("A title", subtitle=["One"])])
def test_notes_are_written_whatever_the_title_of_a_chart(title):
    chart = alt.Chart(pd.DataFrame({"a": [1]})).mark_point().encode(x="a:Q")
    chart = chart if title is None else chart.properties(title=title)
    assert "A note." in texts(svg_of(noted(chart, ["A note."])))
