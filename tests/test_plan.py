"""What a configuration evaluates and from which files, asked without running anything."""

import os
import re
from pathlib import Path

import pytest
from configurations import ROOT, configuration

from uncloak.errors import InputError
from uncloak.plan import (
    attacks,
    brought,
    claims,
    datasets,
    detection,
    evaluated,
    experiments,
    extractors,
    figures,
    recognition,
    roles,
    targets,
    transfer,
)

TINY, TINY_EXPERIMENTS = "tests/tiny.yaml", "tests/tiny_experiments.yaml"
WORDS = {"label": "An attack", "released": "2022-01-01"}
TOOL = {**WORDS, "method": "external", "root": "tool", "layout": "folder", "name": "{stem}.png"}


def of(dataset, *names):
    return [f"results/{dataset}/{name}" for name in names]


def pages(dataset, *names):
    return of(dataset, *(f"figures/{name}.html" for name in names))


@pytest.fixture(scope="module")
def default():
    return configuration()


@pytest.fixture(scope="module")
def experimental():
    return configuration(TINY, TINY_EXPERIMENTS)


def test_the_library_knows_nothing_of_snakemake():
    library = list((ROOT / "workflow" / "uncloak").rglob("*.py"))
    assert library
    assert [path.name for path in library if re.search(r"^\s*(import|from) snakemake", path.read_text(), re.M)] == []


# What is asked for.


def test_everything_of_the_default(default):
    asked = targets.everything(default)
    assert len(set(asked)) == len(asked)
    assert set(asked) == {
        *of("synthetic", *(f"tables/{name}.csv" for name in ("protection", "quality", "visibility", "public"))),
        *of("second_world", "tables/protection.csv"),
        *pages("synthetic", "fawkes_by_extractor", "lowkey_by_extractor", "pictures", "visibility", "contact_sheet"),
        *pages("synthetic", "adaptive", "training_matrix", "detection", "unprotected", "ranks", "classifiers"),
        *pages("synthetic", "systems", "collusion", "games", "lifetime"),
        *pages("second_world", "fawkes_and_defenses", "lowkey_and_defenses", "pictures", "systems"),
        *("results/transfer/transfer.csv", "results/transfer/figures/transfer_over_time.html"),
        "results/claims/claims.html",
    }


def test_everything_of_the_small_world_is_its_tables_and_pictures():
    assert set(targets.everything(configuration(TINY))) == {
        *of("synthetic", *(f"tables/{name}.csv" for name in ("protection", "quality", "visibility"))),
        *pages("synthetic", "fawkes_by_extractor", "lowkey_by_extractor", "pictures", "visibility", "contact_sheet"),
    }


def test_the_small_experiments_make_what_the_default_makes(default, experimental):
    assert set(targets.everything(experimental)) == set(targets.everything(default))


def test_channels_add_a_figure_to_each_dataset(default):
    channelled = configuration({"run": {"channels": ["jpeg75", "half"]}})
    added = set(targets.everything(channelled)) - set(targets.everything(default))
    assert added == {*pages("synthetic", "channels"), *pages("second_world", "channels")}
    assert figures.channel_labels(channelled) == [["png", "PNG"], ["jpeg75", "JPEG 75"], ["half", "half size and back"]]


def test_a_dataset_that_shows_no_visibility_has_no_table_of_it():
    config = configuration({"datasets": {"synthetic": {"visibility": False}}})
    assert not [path for path in targets.everything(config) if "quality" in path or "visibility" in path]


def test_figures_of_the_paper(default):
    assert targets.paper_figures(default, 4) == pages("synthetic", "fawkes_by_extractor")
    assert targets.paper_figures(default, 10) == pages("second_world", "fawkes_and_defenses")
    assert targets.systems_figures(default, first=True) == pages("synthetic", "systems")
    assert targets.systems_figures(default, first=False) == pages("second_world", "systems")
    assert figures.systems_paper(default, "synthetic") == "Figure 6"
    assert figures.systems_paper(default, "second_world") == "Figure 12"
    assert targets.figures_of(default, "games") == pages("synthetic", "games", "lifetime")


# What is evaluated.


def test_recognition_compares_what_the_run_and_its_experiments_name(default):
    every, two = ["fawkes_v03", "fawkes_v10", "fawkes_half", "lowkey"], ["fawkes_v10", "lowkey"]
    run = dict.fromkeys(("facenet", "arcface", "vggface", "magface", "clip", "robust"), every)
    # Tuned on one attack each, and tried on both.
    alone = {"robust_fawkes": two, "robust_lowkey": two}
    assert evaluated.compared(default, "synthetic") == {"pixels": [], **run, **alone}
    assert evaluated.compared(default, "second_world") == dict.fromkeys(("arcface", "magface", "clip", "robust"), two)


def test_extractors_that_only_an_experiment_names_are_compared():
    ranks = {"datasets": ["synthetic"], "extractors": ["magface"]}
    config = configuration(
        TINY, {"experiments": {"ranks": ranks}, "extractors": {"magface": {"train": {"held_out": 4}}}}
    )
    assert evaluated.compared(config, "synthetic")["magface"] == config["run"]["attacks"]
    without = configuration(TINY, {"experiments": {"ranks": {"datasets": ["synthetic"], "extractors": ["facenet"]}}})
    assert "magface" not in evaluated.compared(without, "synthetic")


def test_a_dataset_has_attacks_and_extractors_of_its_own():
    config = configuration({"datasets": {"synthetic": {"attacks": ["lowkey"], "extractors": ["clip"]}}})
    assert evaluated.attacks_of(config, "synthetic") == ["lowkey"]
    assert evaluated.extractors_of(config, "synthetic") == ["clip"]
    assert evaluated.attacks_in(config, "adaptive", "synthetic") == ["lowkey"]
    assert evaluated.one_attack_each(config, "synthetic") == {"lowkey": "robust_lowkey"}
    assert evaluated.players(config, "synthetic") == {
        "Posts with the newest attack": ["lowkey"],
        "Posts once, with LowKey": ["lowkey"],
    }
    # A figure none of whose attacks is run is not drawn.
    assert evaluated.drawn(config, "synthetic") == ["lowkey_by_extractor"]


def test_an_experiment_none_of_whose_attacks_is_run_is_not_made(default):
    showing = ("adaptive", "unprotected", "ranks", "classifiers")
    named = {experiment: {"attacks": ["lowkey"]} for experiment in showing}
    config = configuration({"datasets": {"synthetic": {"attacks": ["fawkes_v10_low"]}}, "experiments": named})
    for experiment in (*showing, "games"):
        assert evaluated.datasets_of(default, experiment) == ["synthetic"]
        assert evaluated.datasets_of(config, experiment) == []
    assert targets.tables_of(config, "adaptive", "public") == []


def test_an_experiment_is_made_on_datasets_of_the_run_alone():
    config = configuration({"run": {"datasets": ["second_world"]}})
    assert evaluated.datasets_of(config, "systems") == ["second_world"]
    assert evaluated.datasets_of(config, "detection") == []


def test_without_extractors_tuned_on_one_attack_there_is_no_matrix():
    config = configuration({"experiments": {"adaptive": {"trained_on": None}}})
    assert pages("synthetic", "training_matrix")[0] not in targets.everything(config)
    assert "robust_lowkey" not in evaluated.compared(config, "synthetic")


def test_raw_pixels_are_compared_with_no_attack(default):
    assert evaluated.shown(default, "synthetic", "lowkey_by_extractor")["pixels"] == []
    embedded = recognition.embeddings_in(default, "synthetic")
    assert not [path for path in embedded if "/pixels/" in path]
    assert "results/synthetic/recognition/pixels/comparisons.h5" in recognition.comparisons_in(default, "synthetic")


def test_a_figure_takes_only_what_it_shows(default):
    shown = {"extractors": ["clip", "robust"], "attacks": ["fawkes_half", "lowkey"]}
    config = configuration({"run": {"channels": ["half"]}, "figures": {"lowkey_by_extractor": shown}})
    assert recognition.embeddings_in(config, "synthetic", "lowkey_by_extractor") == [
        f"results/synthetic/embeddings/{extractor}/{attack}.h5"
        for extractor in ("clip", "robust")
        for attack in ("fawkes_v03", "fawkes_v10", "lowkey")
    ]
    assert list(recognition.described_extractors(config, "synthetic", "lowkey_by_extractor")) == ["clip", "robust"]
    assert list(recognition.described_attacks(config, "synthetic", "lowkey_by_extractor")) == ["fawkes_half", "lowkey"]


def test_a_table_describes_systems_as_new_as_their_newer_model(default):
    described = recognition.described_extractors(default, "synthetic")
    assert described["magface_clip"] == {"label": "MagFace + CLIP stand-in", "released": "2021-07-28"}
    assert described["pixels"] == {"label": "raw pixels", "released": None}


# Kinds of attacks.


def test_a_mixture_is_made_of_the_faces_of_its_parts(default):
    assert attacks.mixtures(default) == ["fawkes_half"]
    assert "fawkes_half" not in attacks.our_own(default, photographs=False)
    assert evaluated.parts(default, ["lowkey", "fawkes_half"]) == ["lowkey", "fawkes_v03", "fawkes_v10"]
    assert attacks.mixed(default, "synthetic", "fawkes_half") == of(
        "synthetic", "perturbed/fawkes_v03.h5", "perturbed/fawkes_v10.h5"
    )
    assert recognition.shares_of(default, ["fawkes_half", "lowkey"]) == {
        "fawkes_half": {"fawkes_v03": 0.5, "fawkes_v10": 0.5},
        "lowkey": {},
    }
    assert recognition.described_attacks(default, "synthetic")["fawkes_half"]["surrogates"] == ["arcface", "facenet"]


def test_pictures_through_channels_are_compared_clean_ones_too(default):
    assert recognition.sources(default, ["fawkes_half"], ["half"]) == {
        "fawkes_v03": ("fawkes_v03", "png"),
        "fawkes_v10": ("fawkes_v10", "png"),
        "clean.half": ("none", "half"),
        "fawkes_v03.half": ("fawkes_v03", "half"),
        "fawkes_v10.half": ("fawkes_v10", "half"),
    }
    assert recognition.source_faces(default, "synthetic", "clean") == "results/synthetic/faces.h5"
    assert recognition.source_faces(default, "synthetic", "clean.half") == "results/synthetic/perturbed/clean.half.h5"
    assert attacks.channel_steps(default, "half") == [{"method": "resize", "factor": 0.5}]
    assert attacks.channel_steps(default) == []


def test_what_is_said_of_embeddings_has_their_order():
    config = configuration({"run": {"channels": ["half", "jpeg90"]}})
    for figure in (None, "fawkes_by_extractor"):
        said = recognition.sources_in(config, "synthetic", figure)
        # Without attack, the users' own pictures.
        names = [
            (extractor, "clean" if attack == "none" else attack, "" if channel == "png" else f".{channel}")
            for extractor, pairs in said
            for attack, channel in pairs
        ]
        assert recognition.embeddings_in(config, "synthetic", figure) == [
            f"results/synthetic/embeddings/{extractor}/{attack}{channel}.h5" for extractor, attack, channel in names
        ]


def test_attacks_on_photographs_are_a_kind_of_their_own(tmp_path):
    config = configuration("resources/worlds/photographs.yaml", {"weights": str(tmp_path)})
    whole = ["fawkes_v10_photograph", "fawkes_v10_box", "lowkey_photograph"]
    assert attacks.our_own(config, photographs=True) == attacks.on_photographs(config) == whole
    assert not {*whole} & {*attacks.our_own(config, photographs=False), *attacks.transmitted(config)}
    folder = "results/synthetic/perturbed/photographs/lowkey_photograph"
    assert attacks.photographs_folder(config, "synthetic", "lowkey_photograph") == folder
    assert attacks.photographs_of_lpips(config, "synthetic", "lowkey_photograph") == folder
    assert attacks.originals_of_lpips(config, "synthetic", "lowkey_photograph") == "results/synthetic/photographs"
    assert attacks.pictures_of_lpips(config, "synthetic", "lowkey_photograph") == {"table": f"{folder}.csv"}
    assert attacks.photographs_of_lpips(config, "synthetic", "lowkey") == []
    assert set(attacks.pictures_of_lpips(config, "synthetic", "lowkey")) == {"perturbed"}


def test_somebody_elses_pictures_are_found_or_told(tmp_path):
    made = {"tool": {**TOOL, "pictures": "faces"}, "camera": {**TOOL, "root": "camera", "pictures": "photographs"}}
    run = {"attacks": ["tool", "camera"]}
    config = configuration({"attacks": made, "run": run, "data": str(tmp_path)})
    assert attacks.imported(config, photographs=False) == ["tool"]
    assert attacks.imported(config, photographs=True) == ["camera"]
    assert not {"tool", "camera"} & {name for kind in (True, False) for name in attacks.our_own(config, kind)}
    with pytest.raises(InputError, match=r"tool: not found; put the pictures of 'tool' there or set `data`"):
        brought.external_folder(config, "tool")
    (tmp_path / "camera").mkdir()
    assert attacks.photographs_folder(config, "synthetic", "camera") == str(tmp_path / "camera")


def test_shards_divide_our_attacks_on_faces(default):
    config = configuration({"shards": 3})
    assert attacks.perturbed_at_once(default) == attacks.perturbed_in_shards(config) != []
    assert attacks.perturbed_in_shards(default) == attacks.perturbed_at_once(config) == []


@pytest.mark.parametrize(
    ("run", "shards", "cores", "threads"),
    [
        (["lowkey"], 1, 8, 8),
        (["lowkey", "fawkes_v10"], 1, 8, 4),
        (["lowkey", "fawkes_half"], 1, 8, 3),  # the mixture's parts are two jobs
        (["lowkey"], 4, 6, 2),
        (["lowkey"], 50, 2, 1),
        (["tool"], 1, 8, 8),  # nothing to compute
        (["lowkey"], 1, None, 8),
    ],
)
def test_attacks_share_the_cores(run, shards, cores, threads):
    world = {"datasets": ["synthetic"], "attacks": run}
    config = configuration({"run": world, "shards": shards, "attacks": {"tool": {**TOOL, "pictures": "faces"}}})
    assert evaluated.attack_threads(config, cores) == threads


def test_jobs_name_the_modules_that_they_pick(default):
    assert attacks.perturbing_modules(default, "lowkey") == [
        *("uncloak.attacks.methods.lowkey", "uncloak.extractors.networks.iresnet", "uncloak.extractors.networks.vgg")
    ]
    # A tuned extractor has the network of what it is tuned from.
    assert extractors.training_modules(default, "clip") == [
        *("uncloak.extractors.objectives.cosface", "uncloak.extractors.networks.vit")
    ]
    assert transfer.image_classifier_modules(default, "wide_resnet") == [
        *("uncloak.transfer.networks.resnet", "uncloak.transfer.recipes.train")
    ]
    assert transfer.objects_modules(default) == ["uncloak.transfer.objects.drawn"]
    imagenet = configuration("resources/worlds/imagenet.yaml")
    assert transfer.image_classifier_modules(imagenet, "vgg16") == [
        *("uncloak.transfer.networks.torchvision", "uncloak.transfer.recipes.weights")
    ]
    assert transfer.objects_modules(imagenet) == ["uncloak.transfer.objects.folder"]


# Whose pictures are perturbed, and what they are made to resemble.


def test_others_are_perturbed_as_their_record_says(default):
    assert roles.whose(default, "synthetic", "lowkey") == {"role": "user", "identities": None, "pictures": None}
    assert roles.whose(default, "public", "lowkey", "public") == {"role": "public", "identities": 240, "pictures": 1}
    config = configuration({"datasets": {"public": {"perturb": {"public": {"shards": 2}}}}})
    assert roles.perturbed_others(config, "public", "public", "lowkey") == of(
        "public", "perturbed/public/lowkey/1-of-2.h5", "perturbed/public/lowkey/2-of-2.h5"
    )


def test_people_whom_nobody_perturbs_are_told(default):
    with pytest.raises(InputError, match=r"datasets\.second_world\.perturb: has no record 'detector'"):
        detection.lessons(default, "second_world")


def test_targets_of_attacks(default):
    assert attacks.targeted(default) == ["fawkes_v03", "fawkes_v10_collusion"]
    targets = "perturbed/targets"
    assert [attacks.chosen_targets(default, "synthetic", "fawkes_v03")] == of("synthetic", f"{targets}/fawkes_v03.csv")
    assert [attacks.chosen_targets(default, "public", "fawkes_v03", "public")] == of(
        "public", f"{targets}/public/fawkes_v03.csv"
    )
    assert [attacks.target_faces(default, "synthetic", "fawkes_v03")] == of("background", "faces.h5")
    assert [attacks.target_people(default, "fawkes_v03")] == of("background", "roles/background.csv")
    assert attacks.choosing_surrogates(default, "fawkes_v03") == ["results/extractors/facenet.safetensors"]
    for nothing in (attacks.chosen_targets, attacks.target_faces):
        assert nothing(default, "synthetic", "lowkey") == []
    assert attacks.target_people(default, "lowkey") == []
    # Partners are users of the same dataset, and no surrogate chooses them.
    assert [attacks.target_faces(default, "synthetic", "fawkes_v10_collusion")] == of("synthetic", "faces.h5")
    assert attacks.target_people(default, "fawkes_v10_collusion") == []
    assert attacks.choosing_surrogates(default, "fawkes_v10_collusion") == []


def test_whose_faces_a_job_depends_on(default):
    assert [roles.listed(default, "synthetic")] == of("synthetic", "roles/user.csv")
    assert [roles.listed(default, "synthetic", "detector")] == of("synthetic", "roles/detector.csv")
    assert [extractors.training_split(default, "arcface")] == of("background", "roles/background.csv")
    users, detector = of("synthetic", "roles/user.csv", "roles/detector.csv")
    background, public = *of("background", "roles/background.csv"), *of("public", "roles/public.csv")
    assert attacks.people(default, "synthetic", "clean") == [users]
    assert attacks.people(default, "synthetic", "lowkey") == [background, users]
    assert attacks.people(default, "synthetic", "lowkey", "detector") == [background, detector]
    assert extractors.people(default, ["pixels"]) == set()
    # Also those from whom an extractor learned that another is tuned from.
    assert extractors.people(default, ["clip"]) == {background}
    assert extractors.people(default, ["robust"]) == {background, public}
    assert attacks.people(default, "synthetic", "fawkes_half") == [background, users]
    assert attacks.embedded_people(default, "synthetic", "pixels", "clean") == []
    assert attacks.embedded_people(default, "synthetic", "robust", "clean") == [background, public]
    assert attacks.embedded_people(default, "synthetic", "pixels", "lowkey.jpeg75") == [background, users]
    assert attacks.posted_perturbed(default, "synthetic", "clean") == []
    assert [attacks.posted_perturbed(default, "synthetic", "lowkey")] == of("synthetic", "perturbed/lowkey.h5")


# Extractors.


def test_every_extractor_is_made_in_one_way(default):
    made = {
        "trained first": extractors.trained(default, first=True),
        "trained": extractors.trained(default, first=False),
        "tuned": extractors.tuned(default, robustly=False),
        "robust": extractors.tuned(default, robustly=True),
        "pixels": extractors.with_recipe(default, "pixels"),
    }
    # LowKey alone has several surrogates.
    assert made["trained first"] == ["arcface", "vggface"]
    assert made["tuned"] == ["clip"]
    assert made["robust"] == ["robust", "robust_lowkey", "robust_fawkes"]
    assert sorted(name for names in made.values() for name in names) == sorted(default["extractors"])


def test_robust_training_learns_public_faces(default):
    assert extractors.public_files(default, "robust_lowkey") == of("public", "perturbed/public/lowkey/1-of-1.h5")
    assert extractors.public_faces(default, "robust_lowkey") == of("public", "faces.h5")
    assert extractors.public_people(default, "robust_lowkey") == of("public", "roles/public.csv")
    assert extractors.origin(default, "robust") == ["results/extractors/arcface.safetensors"]
    assert figures.public_attacks(default) == ["fawkes_v03", "fawkes_v10", "lowkey"]
    assert figures.adaptive_extractors(default, "synthetic") == ["robust"]
    assert figures.trained_on(default, "second_world") == [
        ["arcface", []],
        ["robust_fawkes", ["fawkes_v10"]],
        ["robust_lowkey", ["lowkey"]],
        ["robust", ["fawkes_v03", "fawkes_v10", "lowkey"]],
    ]


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


def test_choosing_targets_is_no_part_of_perturbing(default):
    targets_changed = {"attacks": {"fawkes_v03": {"targets": {"people": 7}}}}
    changed = configuration(targets_changed)
    assert attacks.targets_record(changed, "fawkes_v03") != attacks.targets_record(default, "fawkes_v03")
    assert attacks.perturb_record(changed, "fawkes_v03") == attacks.perturb_record(default, "fawkes_v03")


# Experiments.


def test_detectors_score_the_faces_of_colluding_users_too(default):
    apart = configuration({"experiments": {"collusion": {"datasets": []}}})
    posted = ["fawkes_v03", "fawkes_v10", "lowkey"]
    assert detection.scored_attacks(apart, "synthetic") == posted
    assert detection.scored_attacks(default, "synthetic") == [*posted, "fawkes_v10_collusion"]
    assert experiments.colluding_targets(default, "synthetic") == of(
        "synthetic", "perturbed/targets/fawkes_v10_collusion.csv"
    )


def test_each_file_that_detectors_learn_from_has_its_attack():
    config = configuration({"datasets": {"synthetic": {"perturb": {"detector": {"shards": 2}}}}})
    files, names = detection.lessons(config, "synthetic"), detection.lesson_attacks(config, "synthetic")
    assert len(files) == len(names) == 8
    assert all(f"/detector/{name}/" in path for name, path in zip(names, files, strict=True))


def test_detected_pictures_are_dropped_only_where_there_are_detectors(default):
    assert figures.filtered_table(default, "synthetic") == of("synthetic", "tables/filtered.csv")
    apart = configuration({"experiments": {"detection": {"datasets": []}}})
    assert figures.filtered_table(apart, "synthetic") == []


def test_classifiers_are_tuned_from_what_their_defense_says(default):
    plain = experiments.end_to_end_files(default, "synthetic", "arcface", "none", "none")
    assert plain == {"extractor": ["results/extractors/arcface.safetensors"]}
    robust = experiments.end_to_end_files(default, "synthetic", "arcface", "robust_training", "lowkey")
    assert robust["extractor"] == ["results/extractors/robust.safetensors"]
    assert robust["posted"] == of("synthetic", "perturbed/lowkey.h5")
    assert len(robust["public_perturbed"]) == 3
    assert figures.robust_start(default) == "the robust extractor"
    from_plain = configuration({"experiments": {"classifiers": {"end_to_end": {"robust_start": "extractor"}}}})
    robust = experiments.end_to_end_files(from_plain, "synthetic", "arcface", "robust_training", "lowkey")
    assert robust["extractor"] == ["results/extractors/arcface.safetensors"]
    assert experiments.end_to_end_record(from_plain) == experiments.end_to_end_record(default)


def test_classifiers_are_compared_under_the_attacks_of_the_run(default):
    found = experiments.classifier_errors(default, "synthetic")
    assert found[0] == "results/synthetic/recognition/protection.csv"
    assert [path for path in found if path.endswith("linear.csv")] == [
        f"results/synthetic/recognition/{name}/linear.csv" for name in ("arcface", "robust")
    ]
    assert [Path(path).stem for path in found if "end_to_end/none" in path] == ["none", "fawkes_v10", "lowkey"]


def test_claims_stand_beside_what_is_measured(default):
    assert "results/second_world/tables/ranks.csv" in claims.measured_rates(default)
    assert claims.measured_transfer(default) == ["results/transfer/transfer.csv"]
    assert claims.measured_transfer(configuration(TINY)) == []
    assert claims.label(default) == "drawn faces, drawn faces, second world"
    assert claims.note(default) == default["datasets"]["synthetic"]["note"]  # both have the same


# What a user brings.


def test_lpips_is_measured_where_its_weights_are(tmp_path):
    config = configuration({"weights": str(tmp_path), "attacks": {"lowkey": {"options": {"perceptual": "lpips"}}}})
    assert attacks.lpips(config, "second_world") == []
    assert brought.perceptual_weights(config, "fawkes_v10") == []
    with pytest.raises(InputError, match=r"alexnet.*: not found; get torchvision's AlexNet weights"):
        brought.perceptual_weights(config, "lowkey")
    Path(brought.alexnet(config)).touch()
    assert attacks.lpips(config, "second_world") == of(
        "second_world", "perturbed/lpips/fawkes_v10.csv", "perturbed/lpips/lowkey.csv"
    )
    assert brought.perceptual_weights(config, "lowkey") == brought.alexnet(config)


def test_weights_of_detectors_are_needed_unless_they_begin_from_nothing(tmp_path):
    config = configuration({"weights": str(tmp_path), "detectors": {"lowkey": {"weights": "imagenet", "width": 1.0}}})
    assert brought.detector_weights(config, "fawkes") == []
    with pytest.raises(InputError, match=r"mobilenet.*or give the detector `weights: scratch`"):
        brought.detector_weights(config, "lowkey")


def test_photographs_and_published_weights_are_found_or_told(tmp_path):
    config = configuration("resources/worlds/lfw.yaml", {"data": str(tmp_path), "weights": str(tmp_path)})
    with pytest.raises(InputError, match=r"lfw: not found; put the dataset 'lfw' there or set `data`"):
        brought.dataset_folder(config, "lfw")
    with pytest.raises(InputError, match=r"mobilefacenet_casia.ckpt: not found; get it from github.com/Xiaoccer"):
        brought.extractor_weights(config, "mobilefacenet_casia")
    (tmp_path / "lfw").mkdir()
    empty = brought.dataset_listing(config, "lfw")
    (tmp_path / "lfw" / "Somebody").mkdir()
    (tmp_path / "lfw" / "Somebody" / "1.jpg").write_bytes(b"picture")
    assert brought.dataset_folder(config, "lfw") == str(tmp_path / "lfw")
    assert brought.dataset_listing(config, "lfw") != empty
    assert datasets.known_landmarks(config, "lfw") == []


def test_drawn_photographs_are_ours(default):
    assert brought.dataset_folder(default, "synthetic") == "results/synthetic/photographs"
    assert brought.dataset_listing(default, "synthetic") == "drawn"
    assert datasets.known_landmarks(default, "synthetic") == "results/synthetic/landmarks.csv"


def test_what_comes_with_the_checkout_is_found_from_another_folder(default, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [*found] = claims.published(default)
    assert len(found) == 5
    assert all(os.path.samefile(path, ROOT / "resources" / "published" / Path(path).name) for path in found)
    # The working folder's own comes first, and what is nowhere is named as the user wrote it.
    (tmp_path / "resources" / "published").mkdir(parents=True)
    (tmp_path / "resources" / "published" / "shan-2020.csv").touch()
    assert "resources/published/shan-2020.csv" in claims.published(default)
    assert brought.reachable("resources/nothing") == "resources/nothing"
