"""Text towers of published models against open_clip's own, and tuning that goes on with them."""

import json

import numpy as np
import open_clip
import pytest
import torch
from published_files import HALF, published_file

from uncloak.errors import InputError
from uncloak.extractors import weights
from uncloak.extractors.fitting import fit
from uncloak.extractors.importing import import_record
from uncloak.extractors.text_tower import read_tower
from uncloak.pictures.split import split_of_one_role
from uncloak.records.extractors import Finetuned, Imported
from uncloak.records.reading import read

VISION = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8}
TEXT = {"context_length": 20, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2}
TEXTS = ["A photograph of user #12.", "a calm person with a hat"]
PICTURES = np.array([f"{person}/{stem}" for person in "abcd" for stem in range(4)])
FACES = np.random.default_rng(0).integers(0, 256, (len(PICTURES), 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    for name, text in (("two-towers", TEXT), ("other-words", {**TEXT, "vocab_size": 11})):
        (folder / f"{name}.json").write_text(json.dumps({"embed_dim": 24, "vision_cfg": VISION, "text_cfg": text}))
    open_clip.add_model_config(folder)


def brought(folder, name, whole, drop):
    path, sha256 = published_file(folder / f"{name}.safetensors", whole)
    told = {"file": path.name, "sha256": sha256, "format": "safetensors", "origin": "example.org", "drop": drop}
    network = {"name": "open_clip", "model": name, "quick_gelu": True}
    face = {"size": [32, 32], "template": "arcface", "color": "rgb", **HALF}
    record = {"recipe": "import", "network": network, "input": face, "weights": told}
    return import_record(read(Imported, record), path)


def drop_of(whole):
    return sorted({name.partition(".")[0] for name in whole} - {"visual"})


def test_tuning_goes_on_with_the_text_tower_of_a_published_file(tmp_path):
    torch.manual_seed(0)
    clip = open_clip.create_model("two-towers", load_weights=False, force_quick_gelu=True).eval()
    with torch.no_grad():
        for value in clip.parameters():
            value.add_(0.1 * torch.randn_like(value))
        clip.logit_scale.fill_(np.log(30))
    whole = clip.state_dict()
    found = brought(tmp_path, "two-towers", whole, drop_of(whole))
    path = tmp_path / "imported.safetensors"
    weights.save(path, found.extractor, found.record, {}, found.tower)
    tower = read_tower(path)
    tokens = open_clip.get_tokenizer("ViT-B-32", context_length=20)(TEXTS)
    with torch.no_grad():
        torch.testing.assert_close(tower(tower.tokens(TEXTS)), clip.encode_text(tokens, normalize=True))
        assert tower.scale.item() == pytest.approx(30)

    train = {"data": "people", "held_out": 1, "iterations": 1, "batch": 8, "learning_rate": 1e-9}
    told = {"recipe": "finetune", "from": "c", "train": {**train, "loss": {"name": "contrastive", "texts": "users"}}}
    split = split_of_one_role(PICTURES, "background")
    tuned = fit(read(Finetuned, told), FACES, PICTURES, split, 1, "tuned", origin=path)
    with torch.no_grad():
        torch.testing.assert_close(tuned.tower(tokens), tower(tokens), atol=1e-5, rtol=0)
        faces = torch.rand(2, 3, 32, 32)
        torch.testing.assert_close(tuned.extractor(faces), found.extractor(faces), atol=1e-4, rtol=1e-4)


def test_a_text_tower_that_is_not_there_or_of_another_kind_is_none(tmp_path):
    whole = open_clip.create_model("two-towers", load_weights=False).state_dict()
    alone = {name: value for name, value in whole.items() if name.startswith("visual.")}
    assert brought(tmp_path, "two-towers", alone, []).tower is None
    other = open_clip.create_model("other-words", load_weights=False).state_dict()
    assert brought(tmp_path, "other-words", other, drop_of(other)).tower is None


def test_a_text_tower_with_a_missing_tensor_is_told(tmp_path):
    whole = open_clip.create_model("two-towers", load_weights=False).state_dict()
    del whole["ln_final.weight"]
    with pytest.raises(InputError, match=r"two-towers\.safetensors: .*text tower: .*ln_final\.weight"):
        brought(tmp_path, "two-towers", whole, drop_of(whole))
