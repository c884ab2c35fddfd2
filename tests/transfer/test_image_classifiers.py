"""Image classifiers: small networks, their files, and how they learn."""

import numpy as np
import pytest
import torch
from small_classifiers import INPUT, noise, record

from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.learning import Schedule
from uncloak.extractors.weights import save
from uncloak.transfer import image_classifier
from uncloak.transfer.objects.drawn import draw_objects
from uncloak.transfer.ranking import ranks
from uncloak.transfer.recipes.train import train

SMALL = [
    *({"name": name} for name in ("vgg", "googlenet", "inception", "densenet", "vit", "convnext")),
    *({"name": "resnet", "groups": groups, "attention": kind} for groups, kind in ((1, "none"), (4, "se"), (1, "eca"))),
]


@pytest.mark.parametrize("network", SMALL, ids=str)
def test_small_networks_classify_each_picture_for_itself(network):
    torch.manual_seed(0)
    built = image_classifier.build(record(network)).freeze()
    pictures = noise(3, 32)
    together = embed(built, pictures)
    assert together.shape == (3, 24)
    np.testing.assert_allclose(embed(built, pictures[:1]), together[:1], atol=1e-4)
    assert np.abs(together[0] - together[1]).max() > 1e-4


def test_pictures_of_another_side_are_scaled_and_normalized():
    built = image_classifier.Scaling(4, [0.5, 0.25, 0.0], [0.5, 1.0, 2.0])
    picture = torch.full((1, 3, 9, 9), 0.75)
    seen = built(picture)
    assert seen.shape == (1, 3, 4, 4)
    np.testing.assert_allclose(seen[0, :, 0, 0], [0.5, 0.5, 0.375], atol=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": {"name": "nope"}}, "unknown name 'nope'"),
        ({"network": {"name": "layers"}}, "unknown name 'layers'"),
        ({"network": {"name": "vgg", "height": 3}}, "network vgg: got an unexpected keyword argument 'height'"),
        ({"network": {"name": "resnet", "attention": "x"}}, "choose one of none, se, eca"),
        ({"network": {"name": "torchvision", "model": "fasterrcnn_resnet50_fpn"}}, "torchvision: has no classifier"),
        ({"network": {"name": "timm", "model": "resnet5000"}}, "timm: has no model 'resnet5000'"),
        (
            {"network": {"name": "resnet", "groups": 3}},
            "network resnet: cannot be built with its options .*; correct them",
        ),
        ({"input": {"size": 32, "mean": [0.5] * 3}}, "input: missing a required argument: 'std'"),
        ({"input": INPUT | {"std": [1, 1, 0]}}, "those of std above 0"),
        ({"input": None}, "input: missing"),
    ],
)
def test_faulty_records_are_refused(given, message):
    with pytest.raises(InputError, match=message):
        image_classifier.build(record({"name": "vgg"}) | given)


def test_files_are_read_back_and_foreign_ones_refused(tmp_path):
    torch.manual_seed(0)
    built = image_classifier.build(record({"name": "vgg", "width": 4})).freeze()
    save(tmp_path / "a.safetensors", built, record({"name": "vgg", "width": 4}), {})
    pictures = noise(2, 32)
    assert np.array_equal(embed(image_classifier.load(tmp_path / "a.safetensors"), pictures), embed(built, pictures))
    save(tmp_path / "b.safetensors", built, record({"name": "vgg", "width": 8}), {})
    with pytest.raises(InputError, match=r"b\.safetensors: its weights do not fit network vgg .*; delete it"):
        image_classifier.load(tmp_path / "b.safetensors")
    with pytest.raises(InputError, match="no such file"):
        image_classifier.load(tmp_path / "c.safetensors")


def test_training_learns_and_is_repeatable():
    drawn = draw_objects({"train": 20}, 32, 1)
    few = drawn["label"] % 6 == 0  # four plain outlines
    pictures, labels = drawn["pictures"][few], drawn["label"][few]

    def trained(seed):
        torch.manual_seed(0)
        schedule = Schedule(iterations=40, batch=40, learning_rate=4e-3)
        built = image_classifier.build(record({"name": "vgg", "width": 8}))
        return train(built, pictures, labels, schedule, seed, "vgg")

    first, again = (embed(trained(1), pictures) for _ in range(2))
    # By chance 0.25, give or take 0.05; at AVX2, AVX-512 and AMX level, 6 seeds each, 0.96 to 1.
    assert (ranks(first, labels) == 0).mean() > 0.5
    assert np.array_equal(first, again)


def test_a_training_that_diverges_is_told():
    drawn = draw_objects({"train": 2}, 32, 1)
    schedule = Schedule(iterations=60, batch=16, learning_rate=1e25)
    with pytest.raises(InputError, match=r"training of 'vgg' diverged at iteration .*; lower its learning rate"):
        train(
            image_classifier.build(record({"name": "vgg", "width": 2})),
            drawn["pictures"],
            drawn["label"],
            schedule,
            1,
            "vgg",
        )
