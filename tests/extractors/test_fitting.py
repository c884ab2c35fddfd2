"""Extractors made as their records say, called as from a notebook."""

import hashlib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from uncloak.errors import InputError  # noqa: E402
from uncloak.extractors import weights  # noqa: E402
from uncloak.extractors.embedding import embed  # noqa: E402
from uncloak.extractors.extractor import build  # noqa: E402
from uncloak.extractors.fitting import fit  # noqa: E402
from uncloak.extractors.importing import import_record  # noqa: E402
from uncloak.extractors.text_tower import TextTower, read_tower  # noqa: E402
from uncloak.pictures.split import split_of_one_role  # noqa: E402
from uncloak.records.extractors import Finetuned, Imported, Pixels, Trained, architecture  # noqa: E402
from uncloak.records.reading import read  # noqa: E402

NETWORK = {"network": {"name": "vgg", "width": 4, "dimension": 16}}
INPUT = {"input": {"size": [64, 64], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"}}
TRAIN = {"data": "people", "held_out": 2, "iterations": 2, "batch": 8, "loss": {"name": "softmax"}}
PICTURES = np.array([f"{person}/{stem}" for person in "abcdef" for stem in range(4)])
FACES = np.random.default_rng(0).integers(0, 256, (len(PICTURES), 64, 64, 3), dtype=np.uint8)
SPLIT = split_of_one_role(PICTURES, "background")


@pytest.fixture(scope="module")
def trained():
    return fit(read(Trained, {"recipe": "train", **NETWORK, **INPUT, "train": TRAIN}), FACES, PICTURES, SPLIT, 3, "new")


def test_a_trained_extractor_is_the_same_again_and_knows_what_it_is(trained):
    record = read(Trained, {"recipe": "train", **NETWORK, **INPUT, "train": TRAIN})
    order = np.random.default_rng(1).permutation(len(PICTURES))
    again = fit(record, FACES[order], PICTURES[order], SPLIT, 3, "new")
    np.testing.assert_array_equal(embed(again.extractor, FACES), embed(trained.extractor, FACES))
    assert trained.record == {**NETWORK, **INPUT}
    assert trained.source == "trained on 4 background identities of people"
    assert 0 <= trained.clean_error <= 1
    other = fit(record, FACES, PICTURES, SPLIT, 4, "new")
    assert (embed(other.extractor, FACES) != embed(trained.extractor, FACES)).any()


def test_a_tuned_extractor_starts_from_its_origin(trained, tmp_path):
    weights.save(tmp_path / "origin.safetensors", trained.extractor, trained.record, {})
    slow = {**TRAIN, "iterations": 1, "learning_rate": 1e-9}
    record = read(Finetuned, {"recipe": "finetune", "from": "new", "train": slow})
    tuned = fit(record, FACES, PICTURES, SPLIT, 3, "tuned", origin=tmp_path / "origin.safetensors")
    assert tuned.record == trained.record
    before, after = (dict(each.extractor.network.named_parameters()) for each in (trained, tuned))
    for name, values in before.items():
        torch.testing.assert_close(after[name], values, atol=1e-6, rtol=1e-6)


def test_tuning_goes_on_with_the_text_tower_of_the_file(tmp_path):
    path, texts = tmp_path / "origin.safetensors", ["a calm person", "A photograph of user #12."]
    captioned = {**TRAIN, "loss": {"name": "contrastive", "width": 8, "heads": 2}}
    captions = np.array([f"a photograph of {name}" for name in PICTURES])
    record = read(Trained, {"recipe": "train", **NETWORK, **INPUT, "train": captioned})
    origin = fit(record, FACES, PICTURES, SPLIT, 3, "new", captions=captions)
    weights.save(path, origin.extractor, origin.record, {}, origin.tower)
    np.testing.assert_array_equal(embed(weights.load(path), FACES), embed(origin.extractor, FACES))

    of_users = {**TRAIN, "iterations": 1, "learning_rate": 1e-9, "loss": {"name": "contrastive", "texts": "users"}}
    record = read(Finetuned, {"recipe": "finetune", "from": "new", "train": of_users})
    tuned = fit(record, FACES, PICTURES, SPLIT, 3, "tuned", origin=path)
    before, after = origin.tower, tuned.tower
    assert after.options == before.options == read_tower(path).options
    with torch.no_grad():
        torch.testing.assert_close(after(after.tokens(texts)), before(before.tokens(texts)), atol=1e-5, rtol=0)
        torch.testing.assert_close(after.scale, before.scale, atol=1e-5, rtol=0)
    # From an extractor that has none, a new one is made.
    weights.save(path, origin.extractor, origin.record, {})
    fresh = fit(record, FACES, PICTURES, SPLIT, 3, "tuned", origin=path).tower
    assert fresh.options["width"] == 64


def test_a_text_tower_that_does_not_fit_is_told(tmp_path):
    record = read(Trained, {"recipe": "train", **NETWORK, **INPUT, "train": TRAIN})
    path = tmp_path / "a.safetensors"
    fitted = fit(record, FACES, PICTURES, SPLIT, 3, "new")
    tower = TextTower(16, 8, 8, 1, 2)
    tower.options = {**tower.options, "width": 16}
    weights.save(path, fitted.extractor, fitted.record, {}, tower)
    with pytest.raises(InputError, match=r"a\.safetensors: what it says of its network builds none"):
        read_tower(path)


def test_pixels_need_no_file():
    record = read(Pixels, {"recipe": "pixels", "network": {"name": "pixels"}, **INPUT})
    extractor, _, tower = import_record(record)
    assert tower is None
    assert architecture(record) == {"network": {"name": "pixels"}, **INPUT}
    assert embed(extractor, FACES[:2]).shape == (2, 64 * 64 * 3)


def test_published_weights_are_those_of_the_file(tmp_path):
    """A file as dlib's is published, with the convolutions' weights of a network of ours."""
    size = {"size": [150, 150], "template": "dlib", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"}
    plain = {"network": {"name": "dlib_resnet"}, "input": size}
    torch.manual_seed(0)
    state = build(plain).network.state_dict()
    published = {"fc.weight": state["embed.weight"].numpy()}
    for number, layer in enumerate(name.removesuffix(".bias") for name in state if name.endswith(".bias")):
        weight, bias = (state[f"{layer}.{kind}"].numpy() for kind in ("weight", "bias"))
        parts = {"weight": weight, "bias": bias, "gamma": np.ones_like(bias), "beta": np.zeros_like(bias)}
        published |= {f"conv{number:02d}.{kind}": values for kind, values in parts.items()}
    path = tmp_path / "dlib.npz"
    np.savez(path, **published)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = {"file": "dlib.npz", "sha256": sha256, "format": "npz", "origin": "example.org"}
    extractor, *_ = import_record(read(Imported, {"recipe": "import", **plain, "weights": source}), path)
    for name, values in extractor.network.state_dict().items():
        torch.testing.assert_close(values, state[name], rtol=0, atol=0)
