"""Black boxes are evaluated as other extractors are, and refused where gradients or weights are needed."""

import pytest
from configurations import configuration
from planned import TINY, TINY_EXPERIMENTS, of

from uncloak.errors import InputError
from uncloak.plan import attacks, brought, checks, evaluated, experiments, extractors, recognition
from uncloak.plan.asked import Asked

WORDS = {"label": "A service", "released": "2025-01-01", "recipe": "black_box"}
CROP = {"size": [112, 112], "template": "arcface"}
SERVICE = {**WORDS, "box": {"name": "callable", "function": "theirs:embed"}, "crop": CROP}
FILE = {
    **WORDS,
    "box": {"name": "onnxruntime", "mean": [0.5] * 3, "std": [0.5] * 3},
    "crop": CROP,
    "weights": {"file": "theirs.onnx", "sha256": "0" * 64, "origin": "where they are"},
}
RUN = {"extractors": ["pixels", "facenet", "service"], "experiments": ["protection", "defenses", "systems"]}


def world(*overlays: dict, **extractors: dict) -> dict:
    """The small world, with a service among its extractors."""
    added = {"run": RUN, "extractors": {"service": SERVICE, **extractors}}
    return configuration(TINY, TINY_EXPERIMENTS, added, *overlays)


def test_a_black_box_has_no_file_and_its_own_module():
    config = world(file=FILE)
    assert extractors.with_recipe(config, "black_box") == ["service", "file"]
    assert not {"service", "file"} & set(extractors.in_files(config))
    assert set(extractors.in_files(config)) | {"service", "file"} == set(config["extractors"])
    assert recognition.embedding_modules(config, "service", "lowkey~jpeg_50") == [
        *("uncloak.extractors.black_boxes.callable", "uncloak.defenses.jpeg")
    ]
    assert extractors.modules(config, "robust") == ["uncloak.extractors.networks.inception"]
    assert attacks.embedded_people(config, "synthetic", "service", "clean") == []
    assert attacks.embedded_people(config, "synthetic", "service", "lowkey") == (
        attacks.embedded_people(config, "synthetic", "pixels", "lowkey")
    )


def test_the_file_of_a_black_box_is_looked_for_where_weights_are(tmp_path):
    config = world({"weights": str(tmp_path)}, file=FILE)
    names = [brought.extractor_weights(config, name) for name in ("service", "file")]
    missing, fetched = brought.told(config, names)
    assert "theirs.onnx: not found; get it from where they are" in " ".join(missing)
    assert len(missing) == 1
    assert not fetched
    (tmp_path / "theirs.onnx").touch()
    assert brought.told(config, names) == ([], [])


def test_a_version_and_no_label_is_part_of_what_embeddings_are_made_from():
    before = extractors.record(world(), "service")
    assert before == {"recipe": "black_box", "box": SERVICE["box"], "crop": CROP}
    relabelled = {**SERVICE, "label": "Another", "released": "2026-01-01"}
    assert extractors.record(world(service=relabelled), "service") == before
    assert extractors.record(world(service={**SERVICE, "version": "2"}), "service") != before


def test_it_is_measured_with_every_attack_and_as_a_second_extractor():
    second = {"label": "a service, too", "method": "top_2", "options": {"second": "service"}}
    systems = {"datasets": ["synthetic"], "extractors": ["facenet", "service"], "defenses": ["second"]}
    config = world({"defenses": {"second": second}, "experiments": {"systems": systems}})
    checks.check(config)
    assert "service" in evaluated.extractors_of(config, "synthetic")
    posted = Asked(config, "protection", "synthetic").files()["posted"]
    assert set(of("synthetic", "embeddings/service/fawkes_v10.h5", "embeddings/service/lowkey.h5")) <= set(posted)
    [asked] = experiments.made(config, "systems")
    assert {(each.extractor, each.second) for each in asked.recognizers} == {
        *(("facenet", None), ("facenet", "service"), ("service", None), ("service", "service"))
    }
    rows = Asked(config, "protection", "synthetic").labels()["recognizers"]
    assert [row["released"] for row in rows if row["extractor"] == "service"] == ["2025-01-01"]
    assert not any(row["known_to"] for row in rows if row["extractor"] == "service")


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"attacks": {"lowkey": {"surrogates": ["facenet", "service"]}}}, ["attacks.lowkey.surrogates", "gradients"]),
        ({"extractors": {"clip": {"from": "service"}}}, ["extractors.clip.from", "no weights; name"]),
        ({"extractors": {"robust": {"from": "service"}}}, ["extractors.robust.from", "no weights; name"]),
        (
            {"experiments": {"classifiers": {"extractors": ["service"]}}, "run": {"experiments": ["classifiers"]}},
            ["experiments.classifiers.extractors", "no weights to tune"],
        ),
        (
            {"defenses": {"robust_training": {"options": {"extractors": {"facenet": "service"}}}}},
            ["defenses.robust_training.options.extractors", "not tuned on public identities"],
        ),
    ],
)
def test_what_needs_gradients_or_weights_refuses_it_in_one_line(overlay, words):
    with pytest.raises(InputError) as told:
        checks.check(world(overlay))
    assert "\n" not in str(told.value)
    assert all(word in str(told.value) for word in ["'service'", *words]), told.value
