"""What a user brings: folders and weights that are there, or told."""

import os
from pathlib import Path

import pytest
from configurations import ROOT, configuration
from planned import of

from uncloak.errors import InputError
from uncloak.plan import attacks, brought, claims, datasets


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
