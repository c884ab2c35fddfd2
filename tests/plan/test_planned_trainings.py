"""Detectors, classifiers and claims: what they are made from."""

from pathlib import Path

from configurations import configuration
from planned import TINY, of, tables

from uncloak.plan import claims, classifiers, detection, transfer
from uncloak.plan.asked import Asked


def test_detectors_score_the_faces_of_colluding_users_too(default):
    apart = configuration({"experiments": {"collusion": {"datasets": []}}})
    posted = ["fawkes_v03", "fawkes_v10", "lowkey"]
    assert detection.scored_attacks(apart, "synthetic") == posted
    assert detection.scored_attacks(default, "synthetic") == [*posted, "fawkes_v10_collusion"]
    assert Asked(default, "collusion", "synthetic").files()["targets"] == of(
        "synthetic", "perturbed/targets/fawkes_v10_collusion.csv"
    )


def test_each_file_that_detectors_learn_from_has_its_attack():
    config = configuration({"datasets": {"synthetic": {"perturb": {"detector": {"shards": 2}}}}})
    files, names = detection.lessons(config, "synthetic"), detection.lesson_attacks(config, "synthetic")
    assert len(files) == len(names) == 8
    assert all(f"/detector/{name}/" in path for name, path in zip(names, files, strict=True))


def test_detectors_learn_without_an_experiment_that_tests_them():
    """A defense that drops what they flag needs them all the same."""
    config = configuration({"run": {"experiments": ["unprotected"]}})
    assert detection.tested_attacks(config, "synthetic") == [
        *("fawkes_v10_low", "fawkes_v10_mid", "fawkes_v10", "lowkey")
    ]


def test_classifiers_are_tuned_from_what_their_defense_says(default):
    plain = classifiers.end_to_end_files(default, "synthetic", "arcface", "none", "none")
    assert plain == {"extractor": ["results/extractors/arcface.safetensors"]}
    robust = classifiers.end_to_end_files(default, "synthetic", "arcface", "robust_training", "lowkey")
    assert robust["extractor"] == ["results/extractors/robust.safetensors"]
    assert robust["posted"] == of("synthetic", "perturbed/lowkey.h5")
    assert len(robust["public_perturbed"]) == 3
    assert Asked(default, "classifiers", "synthetic").words()["start"] == "the robust extractor"
    from_plain = configuration({"experiments": {"classifiers": {"options": {"robust_start": "extractor"}}}})
    robust = classifiers.end_to_end_files(from_plain, "synthetic", "arcface", "robust_training", "lowkey")
    assert robust["extractor"] == ["results/extractors/arcface.safetensors"]
    assert classifiers.end_to_end_record(from_plain, "synthetic") == classifiers.end_to_end_record(default, "synthetic")


def test_classifiers_are_compared_under_the_attacks_of_the_run(default):
    files = Asked(default, "classifiers", "synthetic").files()
    assert files["linear"] == of("synthetic", "recognition/arcface/linear.csv", "recognition/robust/linear.csv")
    assert [Path(path).stem for path in files["end_to_end"] if "end_to_end/none" in path] == [
        *("none", "fawkes_v10", "lowkey")
    ]
    one = configuration({"datasets": {"synthetic": {"attacks": ["lowkey"]}}})
    assert len(Asked(one, "classifiers", "synthetic").files()["end_to_end"]) == 4


def test_claims_stand_beside_what_is_measured(default):
    measured = claims.measured_rates(default)
    assert {*tables("second_world", "protection", "systems"), *tables("synthetic", "ranks")} <= {*measured}
    assert {*tables("synthetic", "transfer_grid", "blurred_grid", "everyday_grid")} <= {*measured}
    assert claims.measured_giveaway(default) == tables("synthetic", "giveaway")
    assert claims.measured_times(default) == tables("synthetic", "cost")
    assert claims.measured_transfer(default) == ["results/transfer/transfer.csv"]
    assert claims.measured_transfer(configuration(TINY)) == []
    assert claims.words(default)["dataset_label"] == "drawn faces, drawn faces, second world"
    # Both datasets have the same.
    assert claims.caption(default).count(default["datasets"]["synthetic"]["note"]) == 1


def test_publications_call_two_models_and_robust_ones_by_names_of_their_own(default):
    spelled = {(each["extractor"], each["defense"]): each for each in claims.words(default)["spelled"]}
    assert spelled["magface", "top_2_clip"]["name"] == "magface_clip"
    assert spelled["magface", "threshold_robust"]["classifier"] == "confidence threshold"
    assert spelled["arcface", "robust_training"]["name"] == "robust"
    assert ("arcface", "none") not in spelled


def test_the_caption_of_transfer_says_of_which_objects_it_is(default):
    text = transfer.caption(default)
    for said in ("8 classifiers", default["objects"]["label"], default["objects"]["note"]):
        assert said in text
    assert "{" not in text
