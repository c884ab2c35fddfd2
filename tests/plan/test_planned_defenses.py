"""Defenses by what they do to the files that are recognized."""

import re

import pytest
from configurations import configuration

from uncloak.errors import InputError
from uncloak.plan import defenses, experiments, recognition
from uncloak.plan.asked import Asked


def test_a_defense_that_treats_faces_treats_everybodys(default):
    asked = Asked(default, "defenses", "synthetic")
    assert recognition.compared(default, "synthetic", "arcface", "~jpeg_50") == {
        "gallery": "results/synthetic/embeddings/arcface/clean~jpeg_50.h5",
        "probes": "results/synthetic/embeddings/arcface/clean.h5",
    }
    probes = configuration({"defenses": {"jpeg_50": {"probes": True}}})
    both = set(recognition.compared(probes, "synthetic", "arcface", "~jpeg_50").values())
    assert both == {"results/synthetic/embeddings/arcface/clean~jpeg_50.h5"}
    assert "results/synthetic/embeddings/arcface/lowkey~jpeg_50.h5" in asked.files()["posted"]
    posting = "lowkey~jpeg_50"
    assert recognition.posted_faces(default, "synthetic", posting) == "results/synthetic/perturbed/lowkey.h5"
    assert defenses.treatment(default, posting) == {
        "method": "jpeg",
        "options": {"quality": 50, "subsampling": "4:2:0"},
    }
    assert defenses.treating(default, posting) == ["uncloak.defenses.jpeg"]
    assert defenses.treatment(default, "lowkey") is None


def test_robust_training_takes_another_extractor_where_it_has_one(default):
    robust = defenses.recognizer(default, "arcface", "robust_training")
    assert (robust.extractor, robust.embedder) == ("arcface", "robust")
    assert defenses.recognizer(default, "magface", "robust_training") is None
    asked = Asked(default, "adaptive", "synthetic")
    assert [(each.extractor, each.defense) for each in asked.recognizers] == [
        ("arcface", "none"),
        ("arcface", "robust_training"),
    ]


def test_systems_stand_beside_their_models(default):
    assert [(each.extractor, each.defense, each.second) for each in Asked(default, "systems", "synthetic").recognizers][
        :4
    ] == [
        ("clip", "none", None),
        ("magface", "none", None),
        ("robust", "none", None),
        ("magface", "top_2_clip", "clip"),
    ]


def test_detectors_score_pictures_that_went_through_no_channel():
    config = configuration({"run": {"channels": ["half"]}})
    told = Asked(config, "unprotected", "synthetic").told()["recognizers"]
    through = {(each["extractor"], each["defense"]): {channel for _, channel in each["postings"]} for each in told}
    assert through["arcface", "none"] == {"png", "half"}
    assert through["arcface", "cloak_detector"] == {"png"}


def test_defenses_of_the_gallery_look_at_embeddings_and_at_scores_where_they_ask_detectors(default):
    asked = Asked(default, "unprotected", "synthetic")
    told = {each["defense"]: each for each in asked.told()["recognizers"] if each["extractor"] == "arcface"}
    assert told["two_means"]["does"] == {"method": "two_means", "options": {"keep": "larger", "deviations": 3.0}}
    assert {name: each["scores"] for name, each in told.items()} == {"none": 0, "cloak_detector": 2, "two_means": 0}
    recognizers = [each for each in asked.recognizers if each.defense != "none"]
    for name in ("clean", "probes"):
        assert asked.files()[name] == [
            f"results/synthetic/embeddings/{each.extractor}/clean.h5" for each in recognizers
        ]
    # Whose gallery grows is measured by the experiments of one nearest neighbor alone.
    (grows,) = [each for each in Asked(default, "defenses", "synthetic").told()["recognizers"][:4] if each["does"]]
    assert grows["does"]["method"] == "dyntracker"
    assert "uncloak.defenses.dyntracker" in experiments.measuring(default, "defenses", "synthetic")
    with pytest.raises(InputError, match="'dyntracker' lets the gallery grow, which this experiment cannot measure"):
        configuration({"experiments": {"unprotected": {"defenses": ["dyntracker"]}}})


@pytest.mark.parametrize(("probes", "seen"), [(False, "clean"), (True, "clean~both")])
def test_a_defense_that_treats_faces_and_drops_some_drops_treated_ones(monkeypatch, probes, seen):
    config = configuration({"defenses": {"both": {"label": "both", "method": "jpeg", "probes": probes}}})
    monkeypatch.setattr(defenses, "hooks", lambda config, defense: ("faces", "gallery", "answer"))
    monkeypatch.setattr(defenses, "options", lambda config, defense: {"detectors": ("lowkey",), "second": "robust"})
    asked = {"method": "protection", "extractors": ["arcface"], "attacks": ["lowkey"], "defenses": ["both"]}
    config = {**config, "experiments": {"mine": asked}}
    files = Asked(config, "mine", "synthetic").files()
    folders = [f"results/synthetic/embeddings/{name}" for name in ("arcface", "robust")]
    assert files["clean"] == [f"{folder}/clean~both.h5" for folder in folders]
    assert files["probes"] == [f"{folder}/{seen}.h5" for folder in folders]


def test_measuring_picks_the_experiment_and_what_its_defenses_do(default):
    assert experiments.measuring(default, "systems", "synthetic") == [
        "uncloak.experiments.systems.measure",
        "uncloak.defenses.confidence_threshold",
        "uncloak.defenses.top_2",
    ]
    # What treats faces, or is another extractor, is done before.
    config = configuration({"run": {"defenses": ["jpeg_50", "blur_1"]}})
    assert experiments.measuring(config, "defenses", "synthetic") == ["uncloak.experiments.defenses.measure"]
    assert experiments.averaging(default, "lowkey_by_extractor") == ["uncloak.experiments.by_extractor.measure"]
    assert experiments.drawing(default, "lowkey_by_extractor") == ["uncloak.experiments.by_extractor.figure"]


def test_the_caption_of_every_figure_has_its_numbers(experimental):
    for name in experiments.by_part(experimental, "figure"):
        for asked in experiments.made(experimental, name):
            if asked.record["method"] == "claims":
                continue
            text = experiments.caption(experimental, name, asked.dataset)
            assert experimental["datasets"][asked.dataset]["label"] in text, name
            assert not re.search(r"[{}]", text), name
