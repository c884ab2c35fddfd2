"""How extractors are made, and what that depends on."""

import pytest
from configurations import configuration
from planned import of

from uncloak.errors import InputError
from uncloak.plan import attacks, datasets, detection, experiments, extractors, transfer
from uncloak.plan.asked import Asked


def test_every_extractor_is_made_in_one_way(default):
    made = {
        "trained first": extractors.trained(default, first=True),
        "trained": extractors.trained(default, first=False),
        "tuned": extractors.tuned(default, robustly=False),
        "robust": extractors.tuned(default, robustly=True),
        "interpolated": extractors.with_recipe(default, "interpolate"),
        "pixels": extractors.with_recipe(default, "pixels"),
        "imported": extractors.with_recipe(default, "import"),
    }
    # LowKey alone has several surrogates.
    assert made["trained first"] == ["arcface", "vggface"]
    assert made["tuned"] == ["clip_tuned"]
    assert made["interpolated"] == ["clip_30", "clip", "clip_80"]
    assert made["robust"] == ["robust", "robust_lowkey", "robust_fawkes", "robust_facenet"]
    assert sorted(name for names in made.values() for name in names) == sorted(default["extractors"])


def test_robust_training_learns_public_faces(default):
    assert extractors.public_files(default, "robust_lowkey") == of("public", "perturbed/public/lowkey/1-of-1.h5")
    assert extractors.public_faces(default, "robust_lowkey") == of("public", "faces.h5")
    assert extractors.public_people(default, "robust_lowkey") == of("public", "roles/public.csv")
    assert extractors.origin(default, "robust") == ["results/extractors/arcface.safetensors"]
    assert Asked(default, "public", "synthetic").told()["attacks"] == ["fawkes_v03", "fawkes_v10", "lowkey"]
    assert Asked(default, "games", "synthetic").words()["adaptive"] == ["robust"]
    assert Asked(default, "training_matrix", "synthetic").words()["trained_on"] == {
        "none": [],
        "robust_on_fawkes": ["fawkes_v10"],
        "robust_on_lowkey": ["lowkey"],
        "robust_training": ["fawkes_v03", "fawkes_v10", "lowkey"],
    }


def test_an_interpolated_extractor_is_made_from_both_ends_and_knows_whom_they_learned(default):
    assert extractors.ends(default, "clip") == [
        *("results/extractors/clip_pretrained.safetensors", "results/extractors/clip_tuned.safetensors")
    ]
    assert extractors.lineage(default, "clip") == ["clip", "clip_pretrained", "clip_tuned"]
    half = {"label": "H", "released": "2022-01-01", "recipe": "interpolate", "from": "arcface", "to": "robust"}
    changed = configuration(
        {"extractors": {"half": {**half, "alpha": 0.5}}, "run": {"extractors": ["arcface", "half", "clip"]}}
    )
    learned = {*of("background", "roles/background.csv"), *of("public", "roles/public.csv")}
    assert extractors.people(changed, ["half"]) == learned
    assert extractors.people(changed, ["clip"]) == {*of("background", "roles/background.csv")}
    assert Asked(changed, "games", "synthetic").words()["adaptive"] == ["half"]


def test_interpolation_is_asked_of_all_between_the_same_ends(default):
    asked = Asked(default, "interpolation", "synthetic")
    on_line = {"clip_pretrained": 0.0, "clip_30": 0.3, "clip": 0.6, "clip_80": 0.8, "clip_tuned": 1.0}
    assert asked.labels()["alphas"] == on_line
    assert [each.extractor for each in asked.recognizers] == [*on_line]
    assert list(asked.words()["named"]) == ["clip_pretrained", "clip_tuned", "clip"]
    moved = configuration({"extractors": {"clip_30": {"alpha": 0.4}}})
    changed = {
        name for name in default["extractors"] if extractors.record(moved, name) != extractors.record(default, name)
    }
    assert changed == {"clip_30"}
    none = configuration({"experiments": {"interpolation": {"extractors": ["arcface"]}}})
    assert experiments.made(none, "interpolation") == []
    other = {**default["extractors"]["clip"], "from": "arcface", "to": "robust"}
    with pytest.raises(InputError, match=r"experiments\.interpolation\.extractors: the figure is of one line"):
        configuration(
            {"extractors": {"half": other}, "experiments": {"interpolation": {"extractors": ["clip", "half"]}}}
        )


def test_words_are_no_part_of_what_a_job_depends_on(default):
    changed = configuration(
        {
            "attacks": {"lowkey": {"label": "L", "released": "2020-01-01"}},
            "extractors": {"clip": {"label": "C", "released": "2020-01-01"}},
            "detectors": {"lowkey": {"label": "D"}},
            "image_classifiers": {"vit": {"label": "V"}},
            "datasets": {"synthetic": {"label": "S", "note": "N"}, "public": {"label": "P"}},
        }
    )
    for function, name in (
        (attacks.perturb_record, "lowkey"),
        (extractors.record, "clip"),
        (detection.record, "lowkey"),
        (transfer.image_classifier_record, "vit"),
        (datasets.photographs_record, "synthetic"),
        (datasets.faces_record, "public"),
    ):
        assert function(changed, name) == function(default, name) != {}
    for name in experiments.by_part(default, "measure"):
        for asked in experiments.made(default, name):
            again = experiments.told(changed, name, asked.dataset)
            assert again == experiments.told(default, name, asked.dataset), name


def test_what_is_done_with_pictures_is_no_part_of_drawing_them(default):
    changed = configuration(
        {
            "datasets": {
                "synthetic": {"extractors": ["arcface"], "attacks": ["lowkey"], "visibility": False, "perturb": None},
                "public": {"perturb": {"public": {"identities": {"lowkey": 60}}}},
            },
            "run": {"experiments": ["ranks"]},
        }
    )
    for function, name in ((datasets.photographs_record, "synthetic"), (datasets.faces_record, "public")):
        assert function(changed, name) == function(default, name) != {}
    redrawn = configuration({"datasets": {"synthetic": {"variation": 0.7}, "public": {"jitter": 0.1}}})
    for function, name in ((datasets.photographs_record, "synthetic"), (datasets.faces_record, "public")):
        assert function(redrawn, name) != function(default, name)


def test_choosing_targets_is_no_part_of_perturbing(default):
    targets_changed = {"attacks": {"fawkes_v03": {"targets": {"people": 7}}}}
    changed = configuration(targets_changed)
    assert attacks.targets_record(changed, "fawkes_v03") != attacks.targets_record(default, "fawkes_v03")
    assert attacks.perturb_record(changed, "fawkes_v03") == attacks.perturb_record(default, "fawkes_v03")
