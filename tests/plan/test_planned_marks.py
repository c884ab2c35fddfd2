"""Extractors that have learned people of a dataset, and those with a bound: what is said and asked of them, by plan."""

import re

import pytest
from configurations import configuration

from uncloak.errors import InputError
from uncloak.plan import attacks, claims, datasets, experiments, extractors, recognition
from uncloak.plan.asked import GATE, Asked

LEARNED = {
    "datasets": {"synthetic": {"same_people": ["celebrities"]}},
    "extractors": {"arcface": {"trained_on": ["others", "celebrities"]}},
}
BOUND = {"extractors": {"arcface": {"largest_clean_error": 0.2}}}
# Experiments on the drawn world whose figures and tables show this extractor, or one that is made from it.
SHOW_IT = {
    *(
        "fawkes_by_extractor",
        "lowkey_by_extractor",
        "lifetime",
        "games",
        "ranks",
        "verification",
        "visibility",
        "open_set",
    ),
    *("adaptive", "training_matrix", "defenses", "unprotected", "classifiers", "systems", "collusion", "channels"),
    *("giveaway", "transfer_grid", "blurred_grid", "everyday_grid"),
}
CHANNELLED = {"run": {"channels": ["half"]}}


def asked_of(config, dataset="synthetic"):
    return {
        name: each
        for name in experiments.names(config)
        for each in experiments.made(config, name)
        if each.dataset == dataset
    }


MARKED = configuration(LEARNED, CHANNELLED)
# Others show no extractor, or other ones.
OTHERS = {name for name in asked_of(MARKED) if name in experiments.by_part(MARKED, "figure")} - SHOW_IT - {"claims"}


@pytest.fixture
def marked():
    return MARKED


def test_all_experiments_are_tested_here(marked):
    assert set(asked_of(marked)) >= SHOW_IT
    assert {"contact_sheet", "pictures", "detection"} <= OTHERS


@pytest.mark.parametrize("name", sorted(SHOW_IT))
def test_a_figure_with_a_marked_extractor_says_so(marked, name):
    asked = asked_of(marked)[name]
    caption = experiments.caption(marked, name, "synthetic")
    [said] = re.findall("^†.*", caption, re.MULTILINE)
    assert re.match(r"† Trained on people of this dataset \(.*celebrities", said)
    assert "others" not in said
    assert all(sets == ["celebrities"] for sets in asked.words()["marked"].values())
    # Systems show the robust extractor, which is tuned from the marked one.
    assert set(asked.words()["marked"]) & {"ArcFace IR-ResNet", "ArcFace, robust"}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_figure_without_it_says_nothing(marked, name):
    assert "†" not in experiments.caption(marked, name, "synthetic")
    assert asked_of(marked)[name].words()["marked"] == {}


def test_the_claims_say_so_for_all_their_datasets(marked):
    assert "† Trained on people of this dataset (" in claims.caption(marked)
    assert "ArcFace IR-ResNet" in claims.words(marked)["marked"]


def test_nothing_is_marked_where_nobody_learned_the_people(default):
    for dataset in ("synthetic", "second_world"):
        for name, asked in asked_of(default, dataset).items():
            assert asked.labels()["saw_people"] == []
            if name in experiments.by_part(default, "figure") and name != "claims":
                assert "†" not in experiments.caption(default, name, dataset)
    # Marks are of a dataset's people: another has others.
    assert asked_of(configuration(LEARNED), "second_world")["protection"].labels()["saw_people"] == []


@pytest.mark.parametrize("name", ["protection", "systems", "adaptive", "collusion", "extractors", "unprotected"])
def test_tables_know_whom_an_extractor_and_its_origin_saw(marked, name):
    saw = asked_of(marked)[name].labels()["saw_people"]
    assert set(saw) <= {"arcface", "robust", "robust_fawkes", "robust_lowkey"}
    assert {"robust"} <= set(saw)


def test_labels_are_marked_once_for_an_extractor_or_for_what_a_defense_brings(marked):
    described = {
        (each["extractor"], each["defense"]): each for each in asked_of(marked)["systems"].labels()["recognizers"]
    }
    alone, together = described["robust", "none"], described["magface", "top_2_robust"]
    assert alone["extractor_label"] == "ArcFace, robust†"
    assert together["extractor_label"] == "MagFace IR-ResNet"
    assert together["defense_label"].endswith("†")
    assert not described["magface", "top_2_clip"]["defense_label"].endswith("†")
    assert {each["extractor_label"] for each in asked_of(marked)["adaptive"].labels()["recognizers"]} == {
        "ArcFace IR-ResNet†",
        "FaceNet-like",
    }
    assert {each["defense_label"] for each in asked_of(marked)["adaptive"].labels()["recognizers"]} == {
        "none",
        "robust training",
    }
    assert (
        asked_of(marked)["collusion"].words()["systems"]["arcface_robust"]["label"]
        == "ArcFace IR-ResNet† + ArcFace, robust†"
    )


def test_a_dataset_holds_its_own_people():
    config = configuration({"extractors": {"clip_pretrained": {"trained_on": ["synthetic"]}}})
    assert extractors.saw_people(config, "clip", "synthetic") == ["synthetic"]
    assert extractors.saw_people(config, "clip", "second_world") == []


# What is computed knows nothing of marks, dates and bounds.

WORDS = {
    "datasets": {"synthetic": {"same_people": ["celebrities"]}},
    "extractors": {
        "arcface": {
            "trained_on": ["celebrities"],
            "released_source": "elsewhere",
            "largest_clean_error": 0.9,
            "label": "X",
        }
    },
    "attacks": {"lowkey": {"released": "2021-02-03", "released_source": "elsewhere"}},
}


def computed(config):
    """All that jobs which compute are told, and from which files."""
    found = {}
    for name in config["extractors"]:
        found["extractor", name] = extractors.record(config, name)
    for name in ("fawkes_v10", "lowkey"):
        found["attack", name] = attacks.perturb_record(config, name)
    for dataset in ("synthetic", "second_world"):
        for function in (
            datasets.photographs_record,
            datasets.manifest_record,
            datasets.alignment,
            datasets.split_record,
        ):
            found[function.__name__, dataset] = function(config, dataset)
        found["compared", dataset] = recognition.compared(config, dataset, "arcface")
        for name, asked in asked_of(config, dataset).items():
            found["measured", dataset, name] = (asked.told(), asked.files() if name != "pictures" else None)
    return found


def test_words_marks_and_bounds_restale_tables_and_figures_alone(default):
    changed = configuration(WORDS)
    assert computed(changed) == computed(default)
    before, after = asked_of(default)["protection"], asked_of(changed)["protection"]
    assert before.labels() != after.labels()
    assert before.gated() == {}
    assert after.gated() == {"gate": ["results/synthetic/tables/extractors.csv"]}


# Bounds.


def test_a_bound_is_asked_of_the_tables_and_figures_that_show_the_extractor():
    config = configuration(BOUND, CHANNELLED)
    gate = ["results/synthetic/tables/extractors.csv"]
    # Systems show an extractor that is tuned from this one, and has no bound of its own.
    for name in SHOW_IT | OTHERS - {"pictures"}:
        shown = name in SHOW_IT - {"systems"}
        assert (experiments.drawn_from(config, name, "synthetic").get("gate") == gate) == shown, name
        assert ("Left out is every extractor" in experiments.caption(config, name, "synthetic")) == shown, name
    averaged = {
        name for name in asked_of(config) if experiments.averaged(config, name, "synthetic").get("gate") == gate
    }
    assert {"protection", "ranks", "adaptive", "collusion", "unprotected"} <= averaged
    assert not averaged & {"detection", "public", "visibility", "systems", GATE}


def test_every_extractor_that_is_asked_stands_in_the_table_of_bounds(default):
    told = Asked(default, GATE, "synthetic")
    named = [name for asked in asked_of(default).values() for each in asked.recognizers for name in each.models]
    assert sorted(each.extractor for each in told.recognizers) == sorted(set(named))
    assert {"robust_fawkes", "robust_lowkey"} <= set(named)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {**BOUND, "experiments": {"extractors": None}},
            ["experiments.extractors", "largest_clean_error", "take it back in"],
        ),
        ({**BOUND, "experiments": {"extractors": {"method": "ranks"}}}, ["experiments.extractors"]),
        (
            {"extractors": {"arcface": {"largest_clean_error": 20}}},
            ["extractors.arcface.largest_clean_error", "at most 1"],
        ),
        ({"extractors": {"arcface": {"trained_on": "ms1m"}}}, ["extractors.arcface.trained_on", "a list"]),
        ({"extractors": {"arcface": {"trained_on": ["a", "a"]}}}, ["extractors.arcface.trained_on", "stands twice"]),
        (
            {**LEARNED, "extractors": {"arcface": {"trained_on": ["Celebrities"]}}},
            ["extractors.arcface.trained_on", "'Celebrities' is elsewhere spelled 'celebrities'"],
        ),
        (
            {"extractors": {"arcface": {"trained_on": ["secondworld"]}}},
            ["'secondworld' is elsewhere spelled 'second_world'"],
        ),
        ({"datasets": {"background": {"same_people": ["ms1m"]}}}, ["datasets.background", "same_people"]),
        ({"attacks": {"lowkey": {"released_source": ""}}}, ["attacks.lowkey.released_source", "is empty"]),
    ],
)
def test_slips_are_told_in_one_line(changes, words):
    with pytest.raises(InputError) as told:
        configuration(changes)
    assert "\n" not in str(told.value)
    for word in words:
        assert word in str(told.value)
