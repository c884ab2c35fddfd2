"""What a user brings: folders and weights that are there, or fetched, or told."""

import os
import re
from pathlib import Path

import pytest
from configurations import ROOT, configuration
from planned import of

from uncloak.errors import InputError
from uncloak.fetching import obtain
from uncloak.folders import reachable
from uncloak.plan import attacks, brought, claims, datasets
from uncloak.published_files import OURS


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("UNCLOAK_CACHE", str(tmp_path / "cache"))


def test_lpips_is_measured_where_its_weights_are_or_an_attack_needs_them(tmp_path):
    wanted = of("second_world", *(f"perturbed/lpips/{name}.csv" for name in ("fawkes_v03", "fawkes_v10", "lowkey")))
    dssim = configuration({"weights": str(tmp_path)})
    assert attacks.lpips(dssim, "second_world") == []
    lpips = configuration({"weights": str(tmp_path), "attacks": {"lowkey": {"options": {"perceptual": "lpips"}}}})
    assert attacks.lpips(lpips, "second_world") == wanted
    assert brought.perceptual_weights(lpips, "fawkes_v10") == ""
    assert brought.perceptual_weights(lpips, "lowkey") == "alexnet"
    (tmp_path / OURS["alexnet"].file).touch()
    assert attacks.lpips(dssim, "second_world") == wanted


def test_weights_of_st_lpips_are_the_packages(tmp_path, monkeypatch):
    record = {"attacks": {"lowkey": {"options": {"perceptual": "stlpips"}}}}
    config = configuration({"weights": str(tmp_path / "none")}, record)
    assert brought.perceptual_weights(config, "lowkey") == "stlpips"
    assert attacks.lpips(config, "second_world") == []
    assert brought.told(config, ["stlpips"]) == ([], [])
    monkeypatch.setattr("uncloak.fetching.find_spec", lambda name: None)
    line = f"{tmp_path}/none/alex_shift_tolerant.pth: not found; install uncloak[stlpips]"
    assert brought.told(config, ["stlpips"]) == ([line], [])
    with pytest.raises(InputError, match=re.escape(line)):
        obtain(config, "stlpips")


def test_weights_of_detectors_are_needed_unless_they_begin_from_nothing():
    config = configuration({"detectors": {"lowkey": {"weights": "imagenet", "width": 1.0}}})
    assert brought.detector_weights(config, "fawkes") == ""
    assert brought.detector_weights(config, "lowkey") == "mobilenet_v2"


def test_what_is_missing_is_told_apart_from_what_is_fetched(tmp_path):
    weights = {"file": "net.pth", "sha256": "a" * 64, "format": "torch"}
    net = {"recipe": "import", "label": "a", "released": "2020-01-01", "network": {"name": "timm", "model": "resnet18"}}
    net["input"] = {"size": [112, 112], "template": "arcface", "mean": [0, 0, 0], "std": [1, 1, 1], "color": "rgb"}
    made = {
        "fetched": {**net, "weights": {**weights, "url": "https://a.org/net.pth", "size": 5_100_000, "licence": "MIT"}},
        "asked_for": {**net, "weights": {**weights, "file": "other.pth", "origin": "their authors"}},
        "shipped": {**net, "weights": {**weights, "file": "a/net.dat", "package": "no_such_package"}},
    }
    folders = {"data": str(tmp_path), "weights": str(tmp_path)}
    config = configuration("resources/worlds/lfw.yaml", {"extractors": made, **folders})
    names = ["datasets.lfw", "datasets.synthetic", "alexnet", *(f"extractors.{name}" for name in ("pixels", *made))]
    missing, fetched = brought.told(config, [*names, *names])
    assert missing == [
        f"{tmp_path}/other.pth: not found; get it from their authors, or set `weights` (resources/README.md)",
        f"{tmp_path}/net.dat: not found; install the package no_such_package, which ships it (resources/README.md)",
    ]
    assert fetched == [
        "alexnet-owt-7be5be79.pth: 244 MB, licence: BSD-3-Clause, from https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "LFW, funneled, by scikit-learn: 233 MB, licence: none stated, research only",
        "net.pth: 5 MB, licence: MIT, from https://a.org/net.pth",
    ]
    said = brought.message(missing, fetched)
    assert [line for line in said.splitlines() if not line.startswith("  ")] == [
        "missing, and not to be fetched:",
        f"to be fetched, into {tmp_path}/cache:",
    ]
    assert brought.message([], []) == ""
    for name in ("alexnet-owt-7be5be79.pth", "net.pth", "other.pth", "net.dat"):
        (tmp_path / name).touch()
    (tmp_path / "lfw").mkdir()
    assert brought.told(config, names) == ([], [])


def test_photographs_are_the_users_or_fetched_or_drawn(tmp_path):
    config = configuration("resources/worlds/lfw.yaml", {"data": str(tmp_path)})
    assert brought.dataset_folder(config, "lfw") == "results/lfw/photographs"
    assert datasets.fetchable(config) == ["lfw"]
    fetched = brought.dataset_listing(config, "lfw")
    (tmp_path / "lfw" / "Somebody").mkdir(parents=True)
    assert brought.dataset_folder(config, "lfw") == str(tmp_path / "lfw")
    empty = brought.dataset_listing(config, "lfw")
    (tmp_path / "lfw" / "Somebody" / "1.jpg").write_bytes(b"picture")
    assert len({fetched, empty, brought.dataset_listing(config, "lfw")}) == 3
    assert datasets.known_landmarks(config, "lfw") == []


JOINED = {
    "label": "me among LFW",
    "source": "joined",
    "folders": {
        "me": {"root": "photos", "layout": "person"},
        "crowd": {"root": "lfw", "fetch": "lfw", "layout": "folder", "role": "distractor", "without": ["Ann"]},
    },
    "minimum_size": 40,
    "duplicate_distance": 4,
    "face_size": 64,
    "alignment": {"face_detector": "mtcnn"},
    "split": {
        "users": ["me"],
        "gallery": 0.7,
        "minimum_pictures": 4,
        "too_few": "drop",
        "user_minimum_pictures": 4,
    },
}


def test_folders_of_a_joined_dataset_are_the_users_or_fetched_or_told(tmp_path):
    config = configuration({"datasets": {"mine": JOINED}, "run": {"datasets": ["mine"]}, "data": str(tmp_path)})
    assert brought.dataset_folder(config, "mine") == "results/mine/photographs"
    assert datasets.fetchable(config) == []
    assert brought.joined_folders(config, "mine") == {"me": {"root": f"{tmp_path}/photos"}, "crowd": {"fetch": "lfw"}}
    assert brought.told(config, ["datasets.mine"]) == (
        [f"{tmp_path}/photos: not found; put the dataset 'mine' there or set `data` (resources/README.md)"],
        ["LFW, funneled, by scikit-learn: 233 MB, licence: none stated, research only"],
    )
    listings = [brought.dataset_listing(config, "mine")]
    for name in ("photos/1.jpg", "lfw/Bob/1.jpg", "photos/2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"picture")
        listings.append(brought.dataset_listing(config, "mine"))
    assert len({*listings}) == 4
    assert brought.told(config, ["datasets.mine"]) == ([], [])
    assert brought.joined_folders(config, "mine")["crowd"] == {"root": f"{tmp_path}/lfw"}


def test_a_joined_dataset_is_listed_by_its_layouts_and_split_by_its_folders(tmp_path):
    config = configuration({"datasets": {"mine": JOINED}, "run": {"datasets": ["mine"]}, "data": str(tmp_path)})
    assert datasets.manifest_record(config, "mine") == {
        "layout": None,
        "minimum_size": 40,
        "folders": {"me": {"layout": "person"}, "crowd": {"layout": "folder", "without": ["Ann"]}},
    }
    assert datasets.layout_modules(config, "mine") == ["uncloak.layouts.folder", "uncloak.layouts.person"]
    assert datasets.fetcher_modules(config, "mine") == ["uncloak.fetchers.lfw"]
    assert datasets.split_record(config, "mine") == {**JOINED["split"], "distractor_folders": ["crowd"]}
    assert [datasets.people_of_folders(config, "mine")] == of("mine", "manifest.csv")
    # What is not joined is told as before.
    assert datasets.manifest_record(config, "synthetic") == dict.fromkeys(("layout", "minimum_size"))
    assert datasets.split_record(config, "synthetic") == config["datasets"]["synthetic"]["split"]
    assert datasets.people_of_folders(config, "synthetic") == []
    assert datasets.layout_modules(config, "synthetic") == ["uncloak.layouts.folder"]
    numbers = {role: datasets.number_of(config, "synthetic", role) for role in ("user", "detector", "distractor")}
    assert numbers == {"user": 20, "detector": 45, "distractor": 0}
    assert datasets.number_of(config, "mine", "user") == 1


def test_photographs_that_nobody_fetches_are_left_out_of_the_plan(tmp_path):
    config = configuration("resources/worlds/lfw.yaml", "resources/worlds/facescrub.yaml", {"data": str(tmp_path)})
    assert brought.dataset_folder(config, "facescrub") == []
    missing, _ = brought.told(config, ["datasets.facescrub"])
    there = "put the dataset 'facescrub' there or set `data` (resources/README.md)"
    assert missing == [f"{tmp_path}/facescrub: not found; {there}"]


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
    assert reachable("resources/nothing") == "resources/nothing"
