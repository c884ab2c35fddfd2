"""Objectives against NumPy in float64, and the training of an extractor."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from uncloak.errors import InputError  # noqa: E402
from uncloak.extractors.augmentation import augment  # noqa: E402
from uncloak.extractors.batches import Batches  # noqa: E402
from uncloak.extractors.embedding import embed  # noqa: E402
from uncloak.extractors.extractor import build  # noqa: E402
from uncloak.extractors.learning import Schedule, learning_rate_factor  # noqa: E402
from uncloak.extractors.objectives import adaface, arcface, contrastive, cosface, magface, softmax  # noqa: E402
from uncloak.extractors.training import Composition, held_out, train, validation_error  # noqa: E402

CODES = np.array([0, 0, 1, 2, 2, 3])
ROWS = np.array([5, 0, 2, 3])
RECORD = {
    "network": {"name": "vgg", "width": 4, "dimension": 16},
    "input": {"size": [64, 64], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"},
}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def reference(embeddings, prototypes, scale, penalize, focal=0):
    """Focal loss of scaled cosines, the true one replaced by `penalize(cosine, embedding)`, written out."""
    losses = []
    for embedding, code in zip(embeddings, CODES[ROWS], strict=True):
        cosines = unit(prototypes) @ (embedding / np.linalg.norm(embedding))
        cosines[code] = penalize(cosines[code], embedding)
        logits = scale * cosines
        chance = np.exp(logits[code]) / np.exp(logits).sum()
        losses.append(-((1 - chance) ** focal) * np.log(chance))
    return np.mean(losses)


def margin_of_length(embedding):
    return 0.05 + 0.2 * (np.clip(np.linalg.norm(embedding), 5, 25) - 5) / 20


@pytest.mark.parametrize(
    ("module", "penalize", "extra"),
    [
        (softmax, lambda cosine, e: cosine, lambda e: 0),
        (cosface, lambda cosine, e: cosine - 0.15, lambda e: 0),
        (arcface, lambda cosine, e: np.cos(np.arccos(cosine) + 0.15), lambda e: 0),
        (
            magface,
            lambda cosine, e: np.cos(np.arccos(cosine) + margin_of_length(e)),
            lambda e: 5 * (1 / np.clip(np.linalg.norm(e), 5, 25) + np.clip(np.linalg.norm(e), 5, 25) / 625),
        ),
    ],
    ids=["softmax", "cosface", "arcface", "magface"],
)
@pytest.mark.parametrize("focal", [0.0, 0.5, 2.0])
def test_a_classification_loss_is_its_formula(module, penalize, extra, focal):
    random = np.random.default_rng(0)
    embeddings = random.normal(size=(4, 8)) * np.array([[1], [4], [6], [20]])
    objective = module.build(torch.from_numpy(CODES), 8, focal=focal).double()
    prototypes = objective.prototypes.weight.detach().numpy()
    expected = reference(embeddings, prototypes, 16, penalize, focal) + np.mean([extra(e) for e in embeddings])
    found = objective(torch.from_numpy(embeddings), torch.from_numpy(ROWS)).item()
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_focal_loss_of_what_is_learned_perfectly_has_a_finite_gradient():
    objective = cosface.build(torch.from_numpy(CODES), 8, scale=1e4, margin=0.0, focal=0.5)
    embeddings = objective.prototypes.weight.detach()[CODES[ROWS]].requires_grad_()
    value = objective(embeddings, torch.from_numpy(ROWS))
    value.backward()
    assert value.item() == 0
    assert torch.isfinite(embeddings.grad).all()


@pytest.mark.parametrize("focal", [0.0, 2.0])
def test_adaface_is_its_formula_over_several_batches(focal):
    """Lengths far below and above the mean, and some beyond the clipped ones; the running means move from the start."""
    random, rows = np.random.default_rng(0), torch.from_numpy(ROWS)
    objective = adaface.build(torch.from_numpy(CODES), 8, scale=16.0, pace=0.3, focal=focal).double()
    prototypes = objective.prototypes.weight.detach().numpy()
    mean, deviation = 20.0, 100.0
    for _ in range(6):
        embeddings = random.normal(size=(4, 8)) * np.array([[0.1], [4], [6], [40]])
        lengths = np.clip(np.linalg.norm(embeddings, axis=1), 0.001, 100)
        mean, deviation = 0.7 * mean + 0.3 * lengths.mean(), 0.7 * deviation + 0.3 * lengths.std(ddof=1)

        def penalize(cosine, embedding, mean=mean, deviation=deviation):
            length = np.clip(np.linalg.norm(embedding), 0.001, 100)
            z = np.clip((length - mean) / (deviation + 1e-3) * 0.333, -1, 1)
            angle = np.clip(np.arccos(cosine) - 0.4 * z, 1e-3, np.pi - 1e-3)
            return np.cos(angle) - (0.4 * z + 0.4)

        expected = reference(embeddings, prototypes, 16, penalize, focal)
        assert objective(torch.from_numpy(embeddings), rows).item() == pytest.approx(expected, rel=1e-9)


def test_no_gradient_flows_through_adafaces_lengths():
    objective = adaface.build(torch.from_numpy(CODES), 8)
    embeddings = torch.randn(4, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    objective(embeddings, torch.from_numpy(ROWS)).backward()
    # Cosines do not change along an embedding.
    along = (embeddings.grad * embeddings).sum(1).abs()
    assert (along < 1e-5 * embeddings.grad.norm(dim=1) * embeddings.norm(dim=1)).all()


@pytest.mark.parametrize(
    ("texts", "given", "expected"),
    [
        ("captions", ["a smiling person", "a person with a hat", "a smiling person", "an old person"], None),
        # Numbered by name; two pictures of one person in a batch are two pairs with the same text.
        ("users", ["eve", "bob", "bob", "ann"], ["A photograph of user #2."] * 2 + ["A photograph of user #1."]),
    ],
)
def test_the_contrastive_loss_is_symmetric_cross_entropy(texts, given, expected):
    rows = torch.tensor([1, 2, 3])
    objective = contrastive.build(np.array(given), 16, None, texts, context=16, width=16, layers=1, heads=2)
    embeddings = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32))
    tower = objective.tower
    with torch.no_grad():
        tower.log_scale.fill_(np.log(20))
        directions = tower.tower(tower.tokens(expected or given[1:])).double().numpy()
        logits = 20 * unit(embeddings.double().numpy()) @ unit(directions).T
        picture_to_text = np.log(np.exp(logits).sum(1)) - np.diag(logits)
        text_to_picture = np.log(np.exp(logits).sum(0)) - np.diag(logits)
        found = objective(embeddings, rows).item()
    assert found == pytest.approx((picture_to_text.mean() + text_to_picture.mean()) / 2, rel=1e-4)


def test_augmentation_is_off_when_all_its_amounts_are_zero_but_for_flips():
    faces = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    changed = augment(faces, np.random.default_rng(1), shift=0, color=0, erase=0, noise=0)
    same = np.abs(changed - faces / 255).max(axis=(1, 2, 3)) < 1e-6
    flipped = np.abs(changed - faces[:, :, ::-1] / 255).max(axis=(1, 2, 3)) < 1e-6
    assert (same | flipped).all()
    assert 0 < flipped.sum() < 40


def test_the_learning_rate_rises_and_falls():
    factors = [learning_rate_factor(i, 100, 0.1) for i in range(100)]
    assert np.argmax(factors) in (9, 10)
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == 1
    assert factors[-1] < 0.001


def test_the_learning_rate_drops_in_steps():
    """As in LowKey's appendix: 120 epochs, of ten iterations each here, by a factor of 10 at epochs 35, 65 and 95."""
    factors = [learning_rate_factor(i, 1200, 0.0, (35 / 120, 65 / 120, 95 / 120)) for i in range(1200)]
    expected = np.repeat([1, 0.1, 0.01, 0.001], [350, 300, 300, 250])
    np.testing.assert_allclose(factors, expected, rtol=1e-12)
    rising = [learning_rate_factor(i, 100, 0.1, (0.05, 0.5), 0.25) for i in range(100)]
    np.testing.assert_allclose(rising[:10], np.arange(1, 11) / 10)
    np.testing.assert_allclose(rising[10:], np.repeat([0.25, 0.0625], [40, 50]))


def test_held_out_identities_depend_on_the_seed_alone():
    names = np.array([f"p{i}" for i in range(30)])
    chosen = held_out(names, 5, 1)
    assert len(chosen) == 5
    np.testing.assert_array_equal(chosen, held_out(np.repeat(names[::-1], 3), 5, 1))
    assert set(chosen) != set(held_out(names, 5, 2))
    with pytest.raises(InputError, match="cannot be held out"):
        held_out(names, 30, 1)


@pytest.fixture(scope="module")
def people():
    """20 pictures of each of 6 people, a coarse pattern each, under lights that differ by more than the patterns do."""
    random = np.random.default_rng(0)
    patterns = random.choice([-40, 40], (6, 1, 8, 8, 3)).repeat(8, axis=2).repeat(8, axis=3)
    lights = random.uniform(-90, 90, (6, 20, 1, 1, 3))
    faces = 128 + patterns + lights + random.normal(0, 20, (6, 20, 64, 64, 3))
    return np.clip(faces, 0, 255).astype(np.uint8).reshape(-1, 64, 64, 3), np.repeat([f"p{i}" for i in range(6)], 20)


def trained(people, seed, iterations, loss="cosface", **how):
    faces, identities = people
    torch.manual_seed(seed)
    schedule = Schedule(iterations=iterations, batch=16, precision="float32", **how)
    return train(build(RECORD), faces, identities, None, {"name": loss}, schedule, seed, "test").extractor


@pytest.fixture(scope="module")
def origin(people):
    return trained(people, 1, 40)


def test_training_learns(people, origin):
    torch.manual_seed(1)
    before = validation_error(build(RECORD).freeze(), *people)
    # At AVX2, AVX-512 and AMX level, 6 seeds each, from 0.31 to 0.5 down to 0 to 0.08.
    assert validation_error(origin, *people) < before / 2
    assert not any(parameter.requires_grad for parameter in origin.parameters())


@pytest.mark.parametrize("loss", ["cosface", "adaface"])
def test_training_in_steps_of_sgd_learns(people, loss):
    torch.manual_seed(1)
    before = validation_error(build(RECORD).freeze(), *people)
    sgd = {"optimizer": "sgd", "learning_rate": 0.02, "weight_decay": 5e-4, "drops": (0.5, 0.8)}
    assert validation_error(trained(people, 1, 60, loss, **sgd), *people) < before / 2


def test_training_repeats_itself_and_follows_its_seed(people):
    first, again, other = trained(people, 1, 4), trained(people, 1, 4), trained(people, 2, 4)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in first.state_dict().items())


def test_a_network_that_does_not_fit_its_input_is_told(people):
    record = {**RECORD, "network": {"name": "resnet"}, "input": {**RECORD["input"], "size": [112, 112]}}
    with pytest.raises(InputError, match=r"extractor 'test': cannot take a picture of \[112, 112\] .*; correct its"):
        train(build(record), *people, None, {"name": "softmax"}, Schedule(iterations=1), 1, "test")


def test_a_contrastive_loss_needs_captions(people):
    with pytest.raises(InputError, match="have no captions"):
        train(build(RECORD), *people, None, {"name": "contrastive"}, Schedule(iterations=1), 1, "test")


def test_a_text_tower_that_goes_on_has_its_sizes_already(people):
    tower = contrastive.build(people[1], 16, None, "users", width=8, heads=2).tower
    loss = {"name": "contrastive", "texts": "users", "width": 8}
    with pytest.raises(InputError, match="its loss has the option width, but the text tower"):
        train(build(RECORD), *people, None, loss, Schedule(iterations=1), 1, "test", tower=tower)


def test_one_group_gives_the_batches_of_one_permutation_after_the_other():
    drawn, random, order = Batches([(np.arange(50), 16)], np.random.default_rng(3)), np.random.default_rng(3), []
    for _ in range(10):
        if len(order) < 16:
            order = [*order, *random.permutation(50)]
        assert next(drawn).tolist() == sorted(order[:16])
        order = order[16:]


def test_every_batch_has_so_many_of_each_group_and_every_row_has_its_turn():
    small, large = np.array([2, 5, 9]), np.arange(10, 50)
    drawn = Batches([(small, 7), (large, 8)], np.random.default_rng(0))
    taken = [next(drawn) for _ in range(15)]
    for rows in taken:
        assert (rows < 10).sum() == 7
        assert (rows >= 10).sum() == 8
        assert (np.diff(rows) >= 0).all()
    counts = np.bincount(np.concatenate(taken))
    assert counts[small].tolist() == [35] * 3
    assert counts[large].tolist() == [3] * 40


def test_prototypes_start_at_the_means_of_directions():
    embeddings = np.random.default_rng(0).normal(size=(6, 8))
    objective = cosface.build(torch.from_numpy(CODES), 8).double()
    objective.start_at_means(torch.from_numpy(embeddings))
    means = np.stack([unit(embeddings)[code == CODES].mean(axis=0) for code in range(4)])
    np.testing.assert_allclose(objective.prototypes.weight.detach(), unit(means) * np.sqrt(8), rtol=1e-12)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"clean": 0.5, "perturbed": 0.4}, "must be at least 0 and add up to 1"),
        ({"clean": 1.5, "perturbed": -0.5}, "must be at least 0 and add up to 1"),
        ({"clean": 0.5, "background": 0.5}, "there are no background faces; set their share to 0"),
    ],
)
def test_shares_must_fit_the_faces(shares, message):
    kinds = np.array(["clean", "perturbed"])
    with pytest.raises(InputError, match=message):
        Composition(kinds, shares, np.array([0, 0]), 1.0).groups(8)


def tuned(origin, people, perturbed, anchor, shares, iterations=12):
    faces, identities = people
    count = len(faces)
    composition = Composition(
        kinds=np.repeat(["clean", "perturbed"], count),
        shares=shares,
        clean=np.tile(np.arange(count), 2),
        anchor=anchor,
    )
    extractor = build(RECORD)
    extractor.load_state_dict(origin.state_dict())
    schedule = Schedule(iterations=iterations, batch=16, weight_decay=0.0)
    together = np.concatenate([faces, perturbed]), np.tile(identities, 2)
    return train(
        extractor, *together, None, {"name": "softmax"}, schedule, 1, "tuned", composition=composition
    ).extractor


def cosine(first, second):
    return float((unit(first) * unit(second)).sum(axis=1).mean())


def test_an_anchor_draws_embeddings_to_the_clean_ones_of_the_origin(people, origin):
    faces = people[0]
    negatives, clean, shares = 255 - faces, embed(origin, faces), {"clean": 0.5, "perturbed": 0.5}
    free, held = (tuned(origin, people, negatives, anchor, shares, 60) for anchor in (0.0, 500.0))
    # The mean cosine rises by ANCHOR_SPREAD.
    shown, aims = np.concatenate([faces, negatives]), np.concatenate([clean, clean])
    assert cosine(embed(held, shown), aims) > cosine(embed(free, shown), aims)
    assert not any(parameter.requires_grad for parameter in held.parameters())


def test_tuning_repeats_itself(people):
    origin = build(RECORD)
    first, again = (tuned(origin, people, 255 - people[0], 1.0, {"clean": 0.2, "perturbed": 0.8}, 3) for _ in range(2))
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_captions_cannot_be_tuned_on_pairs(people):
    composition = Composition(np.repeat("clean", 60), {"clean": 1.0}, np.arange(60), 1.0)
    captions = np.repeat("a person", 60)
    with pytest.raises(InputError, match="has no prototypes of identities to start from"):
        train(
            build(RECORD),
            *people,
            captions,
            {"name": "contrastive"},
            Schedule(iterations=1),
            1,
            "test",
            "cpu",
            composition,
        )
