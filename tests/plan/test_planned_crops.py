"""Crops of faces in the plan: what a margin restales, and where a run tells that one is missing."""

from configurations import configuration

from uncloak.opening import opening
from uncloak.plan import datasets
from uncloak.plan.crops import notes

WIDE = {"size": [80, 80], "box": [-6.3, 0.0, 105.7, 112.0]}


def looking(name: str, **overlay) -> dict:
    """The default, with another input for one extractor."""
    box = {"input": {**WIDE, "template": None}}
    return configuration({"extractors": {name: box}, **overlay})


def test_the_default_looks_nowhere_beyond_its_faces(default):
    assert notes(default) == []


def test_an_extractor_that_looks_beyond_is_told_once_for_each_dataset_that_it_meets():
    lines = notes(looking("facenet"))
    # Where it is evaluated, and where it was trained.
    assert [line.partition(" and sees")[0] for line in lines] == [
        "'facenet' looks 6.3 pixels (of the 112 crop) beyond the faces of 'synthetic'",
        "'facenet' looks 6.3 pixels (of the 112 crop) beyond the faces of 'background'",
        "'facenet' looks 6.3 pixels (of the 112 crop) beyond the faces of 'second_world'",
    ]
    # 80 pixels for 112 of the standard crop: 124 need 89.
    assert "datasets.synthetic.margin 6 would show" in lines[0]
    assert "face_size 89 " in lines[0]
    assert [line for line in opening(looking("facenet"), 3, None).splitlines() if line.startswith("Note: 'facenet'")]


def test_what_is_tuned_from_it_and_what_attacks_know_looks_beyond_too():
    found = {(line.split("'")[1], line.split("'")[3]) for line in notes(looking("arcface"))}
    assert {("arcface", "synthetic"), ("arcface", "background"), ("arcface", "second_world")} <= found


def test_a_margin_that_shows_it_all_is_told_no_more():
    wide = {name: {"margin": 6, "face_size": 72} for name in ("synthetic", "second_world", "background", "public")}
    assert notes(looking("facenet", datasets=wide)) == []


def test_a_margin_restales_the_faces_and_nothing_that_comes_before(default):
    changed = configuration({"datasets": {name: {"margin": 8} for name in default["datasets"]}})
    for name in ("synthetic", "second_world"):
        assert datasets.alignment(changed, name) == {**datasets.alignment(default, name), "margin": 8}
        for function in (datasets.photographs_record, datasets.manifest_record, datasets.split_record):
            assert function(changed, name) == function(default, name)
    assert datasets.faces_record(changed, "background") == {**datasets.faces_record(default, "background"), "margin": 8}
    # Where there is none, a job is told what it always was.
    assert "margin" not in datasets.alignment(default, "synthetic")
    assert "margin" not in datasets.faces_record(default, "background")


def test_both_ends_of_an_interpolated_extractor_are_looked_at():
    found = {(line.split("'")[1], line.split("'")[3]) for line in notes(looking("clip_pretrained"))}
    assert {("clip", "synthetic"), ("clip_pretrained", "background"), ("clip_tuned", "background")} <= found
