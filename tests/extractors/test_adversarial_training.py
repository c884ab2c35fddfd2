"""Adversarial training against a loop in float64, and what it brings a network."""

import numpy as np
import pytest
import torch
from torch import nn

from uncloak.ascent import uniform_noise
from uncloak.ball import Ball
from uncloak.errors import InputError
from uncloak.extractors.augmentation import augment
from uncloak.extractors.batches import Batches
from uncloak.extractors.learning import Schedule, learn
from uncloak.records import extractors as records
from uncloak.records.reading import converted

SIDE, DIMENSION, PICTURES, BATCH, ITERATIONS = 4, 3, 12, 5, 6
PLAIN = {"warm_up": 0.0, "shift": 0, "color": 0.0, "precision": "float32", "optimizer": "sgd", "weight_decay": 0.0}
SCHEDULE = Schedule(ITERATIONS, BATCH, 0.05, momentum=0.5, drops=(0.99,), **PLAIN)


class Flat(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.linear = nn.Linear(3 * SIDE * SIDE, DIMENSION, bias=False)
        self.linear.weight.data = torch.from_numpy(weight).float()

    def forward(self, pictures):
        return self.linear(pictures.flatten(1))


@pytest.fixture
def made():
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (PICTURES, SIDE, SIDE, 3), dtype=np.uint8)
    weight, wanted = 0.2 * random.standard_normal((DIMENSION, 3 * SIDE * SIDE)), random.standard_normal((PICTURES, 3))
    return pictures, weight, wanted


def trained(pictures, weight, wanted, schedule):
    network, targets = Flat(weight), torch.from_numpy(wanted).float()
    drawn = []

    def loss(outputs, rows):
        drawn.append(rows.numpy())
        return (outputs - targets[rows]).square().mean()

    learn(network, pictures, loss, schedule, np.random.default_rng(7), "tiny")
    return network.linear.weight.detach().numpy(), drawn


def by_hand(weight, wanted, ball, batches, seen, noises):
    """Perturb each batch by sign steps, then take a step of SGD with momentum, all in float64."""
    weight, velocity = weight.astype(np.float32).astype(np.float64), 0
    step = ball.step_size or 2.5 * ball.epsilon / ball.steps
    for rows, faces, noise in zip(batches, seen, noises, strict=True):
        clean = faces.transpose(0, 3, 1, 2).reshape(len(rows), -1).astype(np.float64)
        lowest, highest = np.maximum(clean - ball.epsilon, 0), np.minimum(clean + ball.epsilon, 1)
        moved = np.clip(clean + noise, lowest, highest)
        for _ in range(ball.steps):
            gradient = (moved @ weight.T - wanted[rows]) @ weight
            moved = np.clip(moved + step * np.sign(gradient), lowest, highest)
        missed = moved @ weight.T - wanted[rows]
        slope = 2 * missed.T @ moved / missed.size
        slope *= min(1, 5 / np.sqrt(np.square(slope).sum()))
        velocity = 0.5 * velocity + slope
        weight = weight - 0.05 * velocity
    return weight


@pytest.mark.parametrize("start", [False, True])
def test_equals_a_loop_in_float64(made, start):
    pictures, weight, wanted = made
    ball = Ball(0.1, 3, random_start=start)
    learned, drawn = trained(*made, Schedule(**{**vars(SCHEDULE), "adversarial": ball}))
    batches = drawn[:: ball.steps + 1]
    assert len(batches) == ITERATIONS
    # The seeds come after what a batch itself draws: its order, and which pictures are mirrored.
    random, seen, noises = np.random.default_rng(7), [], []
    order = Batches([(np.arange(PICTURES), BATCH)], random)
    for rows in batches:
        assert np.array_equal(next(order), rows)
        seen.append(augment(pictures[rows], random, 0, 0.0, 0.0, 0.0))
        seeds = random.integers(2**31, size=len(rows)).tolist()
        shape = torch.zeros(len(rows), 3, SIDE, SIDE, dtype=torch.float64)
        noises.append(uniform_noise(shape, ball.epsilon, seeds).flatten(1).numpy() if start else 0.0)
    expected = by_hand(weight, wanted, ball, batches, seen, noises)
    np.testing.assert_allclose(learned, expected, atol=2e-5)
    plain, _ = trained(*made, SCHEDULE)
    assert np.abs(plain - expected).max() > 1e-3


def test_what_normalizing_layers_have_seen_is_of_learned_pictures_alone():
    class Normalized(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.linear = nn.BatchNorm2d(3), nn.Linear(3 * SIDE * SIDE, DIMENSION)

        def forward(self, pictures):
            return self.linear(self.norm(pictures).flatten(1))

    torch.manual_seed(0)
    network, seen = Normalized(), []
    network.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    pictures = np.random.default_rng(0).integers(0, 256, (PICTURES, SIDE, SIDE, 3), dtype=np.uint8)
    schedule = Schedule(**{**vars(SCHEDULE), "adversarial": Ball(0.2, 2)})
    learn(network, pictures, lambda outputs, _: outputs.square().mean(), schedule, np.random.default_rng(1), "tiny")
    mean = torch.zeros(3)
    for batch in seen[2::3]:
        mean = 0.9 * mean + 0.1 * batch.mean(dim=(0, 2, 3))
    torch.testing.assert_close(network.norm.running_mean, mean)
    assert network.norm.num_batches_tracked == ITERATIONS
    assert network.norm.momentum == 0.1


def test_a_record_says_how():
    told = {"iterations": 5, "adversarial": {"epsilon": 0.03, "steps": 2}}
    assert converted(records.Schedule.model_validate(told), Schedule).adversarial == Ball(0.03, 2)
    assert converted(records.Schedule.model_validate({"iterations": 5}), Schedule).adversarial is None


def test_a_ball_that_is_none_is_refused():
    with pytest.raises(InputError, match="epsilon is 0"):
        Ball(0, 3)
