"""The records of published extractors: what they name is there, and what they drop is all that is too much."""

import re

import frbench.backbones
import open_clip
import pytest
import torch
from configurations import configuration

from uncloak.extractors.extractor import build, network_module
from uncloak.extractors.published import unchanged

RECORDS = {name: record for name, record in configuration()["extractors"].items() if record["recipe"] == "import"}
TIMELINE = [name for name in RECORDS if name.startswith("frbench_")]


def test_every_record_names_a_network_that_reads_its_weights():
    assert {"dlib_resnet", "edgeface_xs", "facenet_vggface2", "clip_vit_b32", "siglip", "dinov2"} <= RECORDS.keys()
    for name, record in RECORDS.items():
        module = network_module(record["network"]["name"])
        assert hasattr(module, "translate") or hasattr(module, "read"), name


@pytest.mark.parametrize("name", ["edgeface_xs", "facenet_vggface2", "facenet_casia", "dinov2", "lowkey_ir_arcface"])
def test_networks_of_records_take_pictures_of_their_size(name):
    with torch.device("meta"):
        network = build({key: RECORDS[name][key] for key in ("network", "input")}).network.eval()
        embeddings = network(torch.zeros(1, 3, *RECORDS[name]["input"]["size"]))
    assert embeddings.shape == (1, 768 if name == "dinov2" else 512)


@pytest.mark.parametrize(("name", "model"), [("clip_vit_b32", "ViT-B-32"), ("siglip", "ViT-B-16-SigLIP")])
def test_what_is_dropped_of_a_whole_model_is_all_but_its_image_tower(name, model):
    record = RECORDS[name]
    with torch.device("meta"):
        whole = open_clip.create_model(model, load_weights=False, device="meta").state_dict()
        tower = build({key: record[key] for key in ("network", "input")}).network.state_dict()
    dropped = {key for key in whole for drop in record["weights"]["drop"] if key == drop or key.startswith(f"{drop}.")}
    assert whole.keys() - dropped == tower.keys()
    assert {key: whole[key].shape for key in tower} == {key: value.shape for key, value in tower.items()}
    assert network_module("open_clip").translate(dict.fromkeys(tower)).keys() == tower.keys()


def test_the_timeline_is_of_nineteen_backbones_that_frbench_has():
    assert len(TIMELINE) == 19
    days = [RECORDS[name]["released"] for name in TIMELINE]
    assert days == sorted(days)
    assert (days[0][:4], days[-1][:4]) == ("2015", "2024")
    for name in TIMELINE:
        record = RECORDS[name]
        backbone = record["network"]["backbone"]
        assert backbone in frbench.backbones.BACKBONE_REGISTRY
        assert name == "frbench_" + re.sub(r"\W", "_", backbone)
        assert record["weights"]["file"] == f"{backbone}_arcface_ms1m.pt"
        assert "sha256" not in record["weights"]
    assert network_module("frbench").translate is unchanged
