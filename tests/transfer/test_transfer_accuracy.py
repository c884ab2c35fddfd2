"""Ranks, accuracy and intervals of image classifiers, and the experiment as a few calls."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import top_k_accuracy_score
from small_classifiers import INPUT

from uncloak.attacks.methods.pgd import Options
from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.weights import save
from uncloak.recognition.intervals import rate_interval
from uncloak.store import write_arrays
from uncloak.transfer import ENSEMBLE, image_classifier
from uncloak.transfer.attack import perturb
from uncloak.transfer.evaluation import accuracy, measure
from uncloak.transfer.objects import drawn as objects
from uncloak.transfer.ranking import ranks
from uncloak.transfer.recipes import train as recipe


def test_ranks_and_accuracy_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    said, labels = random.normal(size=(200, 9)), random.integers(0, 9, 200)
    places = ranks(said, labels)
    orders = np.argsort(-said, axis=1, kind="stable")
    assert np.array_equal(places, [list(order).index(y) for order, y in zip(orders, labels, strict=True)])
    for top in (1, 5):
        share, low, high = accuracy(places < top, labels)
        assert share == pytest.approx(top_k_accuracy_score(labels, said, k=top))
        assert low < share < high


def test_of_equal_logits_the_first_class_leads():
    assert list(ranks(np.zeros((3, 4)), np.array([0, 1, 3]))) == [0, 1, 3]


def test_the_interval_takes_classes_as_clusters():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), random.integers(3, 9, 12))
    right = random.random(len(labels)) < labels / 12
    share, low, high = accuracy(right, labels)
    counts = np.bincount(labels)
    assert (low, high) == pytest.approx(
        rate_interval([right[labels == label].mean() for label in range(12)], counts, counts)
    )
    assert share == right.mean()
    # Pictures of one class are alike here, so taking pictures one by one would claim too much.
    single = stats.binomtest(int(right.sum()), len(right)).proportion_ci(method="exact")
    assert high - low > 1.5 * (single.high - single.low)
    order = random.permutation(len(labels))
    assert accuracy(right[order], labels[order]) == (share, low, high)
    # A class without pictures tells nothing.
    all_right = stats.binomtest(4, 4).proportion_ci(method="exact")
    assert accuracy(np.ones(4, bool), np.array([0, 1, 3, 5])) == pytest.approx((1, all_right.low, 1))


def test_broken_logits_and_strange_classes_are_refused():
    with pytest.raises(InputError, match="not finite"):
        ranks(np.array([[0.0, np.nan]]), np.array([0]))
    with pytest.raises(InputError, match="class 7 is not among a classifier's 2"):
        ranks(np.zeros((1, 2)), np.array([7]))


def test_an_experiment_is_a_few_calls(tmp_path):
    source = {"size": 16, "pictures": {"train": 3, "validation": 1, "test": 1}}
    classes, drawn = objects.make(source, [], 1)
    write_arrays(tmp_path / "objects.h5", drawn, {"classes": classes, "recipe": "r"})
    files = {}
    for name, width in (("old", 4), ("older", 5), ("new", 6)):
        settings = {"network": {"name": "vgg", "width": width}, "input": INPUT | {"size": 16}}
        learning = {"train": {"iterations": 4, "batch": 8, "precision": "float32"}}
        built, known, made = recipe.make(settings | learning, tmp_path / "objects.h5", 1, name)
        assert known == 24
        assert 0 <= made["validation_accuracy"] <= 1
        files[name] = tmp_path / f"{name}.safetensors"
        save(files[name], built, settings | {"classes": known}, made)
    attacked = {"surrogates": ["old", "older"], "attack": {"epsilon": 0.2, "steps": 5}}
    table = measure(attacked, tmp_path / "objects.h5", files, 1)
    assert list(table["classifier"]) == [name for name in (*files, ENSEMBLE) for _ in range(2)]
    assert list(table["in_ensemble"]) == [name != "new" for name in table["classifier"]]
    test = drawn["part"] == "test"
    pictures, labels = drawn["pictures"][test], drawn["label"][test]
    surrogates = [
        image_classifier.load(files[name]).to(memory_format=torch.channels_last) for name in attacked["surrogates"]
    ]
    posted = perturb(pictures, labels, drawn["picture"][test], surrogates, Options(epsilon=0.2, steps=5), 1)
    for row in table.itertuples():
        shown = posted if row.condition == "transferred" else pictures
        names = attacked["surrogates"] if row.classifier == ENSEMBLE else [row.classifier]
        # The product of the probabilities of those who answer.
        said = np.float64([embed(image_classifier.load(files[name]), shown) for name in names])
        likely = np.prod(np.exp(said) / np.exp(said).sum(axis=2, keepdims=True), axis=0)
        assert row.top1 == (likely.argmax(1) == labels).mean()
        assert row.n_pictures == 24
    alone = measure(attacked | {"surrogates": ["old"]}, tmp_path / "objects.h5", files, 1)
    assert list(alone["classifier"].unique()) == [*files]
