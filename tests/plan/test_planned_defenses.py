"""Defenses by what they do to the files that are recognized."""

import re

import pytest
from configurations import configuration
from planned import of

from uncloak.errors import InputError
from uncloak.plan import attacks, defenses, experiments, recognition
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


def test_probes_alone_are_treated_where_a_record_says_so(default):
    """As a poorer camera would: what is scraped stays as it is, and nothing of it is embedded anew."""
    poor = defenses.recognizer(default, "arcface", "small_probes")
    assert recognition.compared(default, "synthetic", "arcface", poor.treated) == {
        "gallery": "results/synthetic/embeddings/arcface/clean.h5",
        "probes": "results/synthetic/embeddings/arcface/clean~small_probes.h5",
    }
    split = "results/synthetic/split.csv"
    assert recognition.embedded_probes(default, "synthetic", "clean~small_probes") == split
    for posting in ("clean", "lowkey", "clean~jpeg_50", "clean~blur_2"):
        assert recognition.embedded_probes(default, "synthetic", posting) == []
    config = configuration({"experiments": {"defenses": {"defenses": ["small_probes"]}}})
    for name in ("defenses", "everyday_grid"):
        asked = Asked(config, name, "synthetic")
        posted = [path for path in asked.files()["posted"] if "~" in path]
        assert posted == [], name
    assert (
        "results/synthetic/recognition/arcface~small_probes/comparisons.h5"
        in (Asked(config, "defenses", "synthetic").files()["comparisons"])
    )


def test_robust_training_takes_another_extractor_where_it_has_one(default):
    robust = defenses.recognizer(default, "arcface", "robust_training")
    assert (robust.extractor, robust.embedder) == ("arcface", "robust")
    assert defenses.recognizer(default, "magface", "robust_training") is None
    asked = Asked(default, "adaptive", "synthetic")
    assert [(each.extractor, each.defense) for each in asked.recognizers] == [
        (name, defense) for name in ("facenet", "arcface") for defense in ("none", "robust_training")
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
    does = [each["does"] for each in Asked(default, "defenses", "synthetic").told()["recognizers"]]
    assert {each["method"] for each in does if each} == {"dyntracker"}
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


def test_no_purifier_treats_users_alone(default):
    """What a purified face is compared with was purified, too, whoever it shows."""
    every = [name for name in defenses.with_hook(default, "faces") if not defenses.treats_probes_alone(default, name)]
    assert len(every) > 6
    config = configuration({"run": {"defenses": every}})
    treated = [each for each in Asked(config, "defenses", "synthetic").recognizers if each.defense in every]
    assert len(treated) == 2 * len(every)
    files = Asked(config, "defenses", "synthetic").files()
    for each in treated:
        folder = f"results/synthetic/embeddings/{each.embedder}"
        probes = f"clean~{each.defense}" if config["defenses"][each.defense].get("probes") else "clean"
        assert recognition.compared(config, "synthetic", each.embedder, each.treated) == {
            "gallery": f"{folder}/clean~{each.defense}.h5",
            "probes": f"{folder}/{probes}.h5",
        }
        assert f"{folder}/lowkey~{each.defense}.h5" in files["posted"]
        compared = recognition.comparisons("synthetic", each.embedder, each.treated)
        assert compared == f"results/synthetic/recognition/{each.embedder}~{each.defense}/comparisons.h5"
        assert compared in files["comparisons"]


@pytest.mark.parametrize("method", ["total_variation", "wavelet", "noise_upscale", "denoiser"])
def test_a_purifier_of_users_pictures_alone_is_refused(method):
    channel = {"label": "Purified", "steps": [{"method": "jpeg", "quality": 50}, {"method": method}]}
    with pytest.raises(InputError, match=rf"channels\.mine.*'{method}' is what a trainer does, who treats everybody's"):
        configuration({"channels": {"mine": channel}})
    with pytest.raises(InputError, match=r"defenses\.wavelet.*users"):
        configuration({"defenses": {"wavelet": {"users": True}}})


def test_a_learned_purifier_is_made_of_public_people_and_treats_everybody(default):
    assert defenses.learned(default) == ["denoiser"]
    [learned] = defenses.purifiers(default, "lowkey~denoiser")
    assert learned == "results/purifiers/denoiser.safetensors"
    assert defenses.purifiers(default, "lowkey~wavelet") == defenses.purifiers(default, "lowkey") == []
    given = defenses.treatment(default, "clean~denoiser")["options"]
    assert (given["learned"], given["seed"]) == (learned, 1)
    assert defenses.lesson_record(default, "denoiser") == {"method": "denoiser", "options": given}
    # What takes no seed depends on none.
    assert "seed" not in defenses.treatment(default, "clean~wavelet")["options"]
    assert configuration({"seed": 5})["seed"] == 5
    assert defenses.treatment(configuration({"seed": 5}), "clean~noise_upscale")["options"]["seed"] == 5
    assert [defenses.lesson_faces(default, "denoiser")] == of("public", "faces.h5")
    assert [defenses.lesson_people(default, "denoiser")] == of("public", "roles/public.csv")
    perturbed = (f"perturbed/public/{name}/1-of-1.h5" for name in ("fawkes_v03", "fawkes_v10", "lowkey"))
    assert defenses.lesson_files(default, "denoiser") == of("public", *perturbed)
    assert defenses.feature_files(default, "denoiser") == ["results/extractors/arcface.safetensors"]
    assert defenses.learning_modules(default, "denoiser") == [
        "uncloak.defenses.denoiser",
        "uncloak.extractors.networks.iresnet",
    ]
    # Its embeddings depend on whom it learned from; others do not.
    public = of("public", "roles/public.csv")[0]
    assert public in attacks.embedded_people(default, "synthetic", "arcface", "clean~denoiser")
    assert public not in attacks.embedded_people(default, "synthetic", "arcface", "clean~wavelet")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "nobody"}, r"defenses\.denoiser\.options\.dataset: there is no dataset 'nobody'"),
        ({"attacks": ["spray"]}, r"defenses\.denoiser\.options\.attacks: there is no attack 'spray'"),
        ({"attacks": ["fawkes_half"]}, r"defenses\.denoiser\.options\.attacks: 'fawkes_half' is a mixture"),
        ({"features": ["eyes"]}, r"defenses\.denoiser\.options\.features: there is no extractor 'eyes'"),
        ({"features": ["service"]}, r"denoiser\.options\.features: 'service' is a black box and gives no gradients"),
        ({"perturbed": 2.0}, r"perturbed is 2\.0; it must be above 0 and below 1"),
    ],
)
def test_what_a_purifier_cannot_learn_from_is_told(options, message):
    service = {
        "label": "S",
        "released": "2022-01-01",
        "recipe": "black_box",
        "box": {"name": "callable", "function": "theirs:embed"},
        "crop": {"size": [64, 64], "template": "arcface"},
        "version": "1",
    }
    with pytest.raises(InputError, match=message):
        configuration({"extractors": {"service": service}, "defenses": {"denoiser": {"options": options}}})


def test_a_purifier_of_faces_of_another_size_is_told():
    reason = r"denoiser\.options\.dataset: 'public' has faces of another size or margin than 'synthetic'"
    run = {"datasets": ["synthetic"], "extractors": ["arcface"], "experiments": ["defenses"]}
    small = {"public": {"face_size": 80}}
    with pytest.raises(InputError, match=reason):
        configuration({"run": run, "datasets": small})
    # Who is not asked may learn from whatever there is.
    asked = {**run, "defenses": ["wavelet"]}
    assert "denoiser" in configuration({"run": asked, "datasets": small})["defenses"]
