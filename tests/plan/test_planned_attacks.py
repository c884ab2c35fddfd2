"""Attacks by kind, and what makes their pictures."""

import pytest
from configurations import configuration
from planned import TOOL, of

from uncloak.plan import attacks, brought, evaluated, extractors, recognition, transfer
from uncloak.plan.asked import Asked


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
    # Known to it are the surrogates of all its parts.
    labels = Asked(default, "protection", "synthetic").labels()["recognizers"]
    assert [each["extractor"] for each in labels if "fawkes_half" in each["known_to"]] == ["facenet", "arcface"]


def test_pictures_through_channels_are_compared_clean_ones_too(default):
    assert recognition.postings(default, ["fawkes_half"], ["half"]) == {
        "fawkes_v03": ("fawkes_v03", "png"),
        "fawkes_v10": ("fawkes_v10", "png"),
        "clean.half": ("none", "half"),
        "fawkes_v03.half": ("fawkes_v03", "half"),
        "fawkes_v10.half": ("fawkes_v10", "half"),
    }
    assert recognition.posted_faces(default, "synthetic", "clean") == "results/synthetic/faces.h5"
    assert recognition.posted_faces(default, "synthetic", "clean.half") == "results/synthetic/perturbed/clean.half.h5"
    assert attacks.channel_steps(default, "half") == [{"method": "resize", "factor": 0.5}]
    assert attacks.channel_steps(default) == []


def test_a_channel_without_steps_leaves_pictures_as_they_are(default):
    """All it says is by which landmarks photographs are aligned; of the users' clean faces there is one alignment."""
    assert "steps" not in default["channels"]["clean_landmarks"]
    assert attacks.channel_steps(default, "clean_landmarks") == []
    assert attacks.channel_steps(default) == []
    assert attacks.channel_steps(default, "half") == [{"method": "resize", "factor": 0.5}]


def test_attacks_on_photographs_are_a_kind_of_their_own(tmp_path):
    config = configuration("resources/worlds/photographs.yaml", {"weights": str(tmp_path)})
    whole = ["fawkes_v10_photograph", "fawkes_v10_box", "lowkey_photograph"]
    assert attacks.our_own(config, photographs=True) == attacks.on_photographs(config) == whole
    assert not {*whole} & {*attacks.our_own(config, photographs=False), *attacks.transmitted(config)}
    folder = "results/synthetic/perturbed/photographs/lowkey_photograph"
    assert attacks.photographs_folder(config, "synthetic", "lowkey_photograph") == folder
    assert attacks.photographs_of_lpips(config, "synthetic", "lowkey_photograph") == folder
    assert attacks.originals(config, "synthetic", "lowkey_photograph") == "results/synthetic/photographs"
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
    assert brought.external_folder(config, "tool") == []
    told = f"{tmp_path / 'tool'}: not found; put the pictures of 'tool' there or set `data` (resources/README.md)"
    (tmp_path / "camera").mkdir()
    assert brought.told(config, ["attacks.tool", "attacks.camera"]) == ([told], [])
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
    # A tuned extractor has the network of what it is tuned from, and what lies between two that of both.
    assert extractors.training_modules(default, "clip_tuned") == [
        *("uncloak.extractors.objectives.contrastive", "uncloak.extractors.networks.vit")
    ]
    assert extractors.modules(default, "clip") == ["uncloak.extractors.networks.vit"]
    assert transfer.image_classifier_modules(default, "wide_resnet") == [
        *("uncloak.transfer.networks.resnet", "uncloak.transfer.recipes.train")
    ]
    assert transfer.objects_modules(default) == ["uncloak.transfer.objects.drawn"]
    imagenet = configuration("resources/worlds/imagenet.yaml")
    assert transfer.image_classifier_modules(imagenet, "vgg16") == [
        *("uncloak.transfer.networks.torchvision", "uncloak.transfer.recipes.weights")
    ]
    assert transfer.objects_modules(imagenet) == ["uncloak.transfer.objects.folder"]
