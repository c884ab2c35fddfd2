"""One mask for all of a user's pictures, against a plain reference in float64, and what it does to the others."""

import numpy as np
import pytest
import torch
from reference_computations import floats, small_network, smooth_faces
from scipy.optimize import minimize
from torch.nn.functional import normalize

from uncloak.attacks.methods import opom
from uncloak.attacks.perturb import perturb
from uncloak.errors import InputError
from uncloak.pictures.stored import shard
from uncloak.seeds import generator

SEEDS = list(range(10, 16))


def nearest_point(point, references, subspace):
    """The nearest point of a hull by a general minimizer over the weights."""
    point, references = point.numpy(), references.numpy()
    count = len(references)
    if subspace == "center":
        return references.mean(axis=0)
    found = minimize(
        lambda w: np.square(w @ references - point).sum(),
        np.full(count, 1 / count),
        jac=lambda w: 2 * references @ (w @ references - point),
        bounds=[(0, 1)] * count if subspace == "convex" else None,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(count)},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return found.x @ references


def plain_opom(faces, networks, seeds, *, subspace="convex", center_steps=5, pictures=10, epsilon, steps, step_size):
    """OPOM's mask of float64 faces [N,3,S,S], picture by picture (attacks.md 9.1)."""
    own = faces[:pictures]
    clean = [torch.cat([normalize(f(x[None]), dim=1) for x in own]) for f in networks]
    noise = [torch.from_numpy(generator(s, "noise").uniform(-epsilon, epsilon, tuple(own[0].shape))) for s in seeds]
    shown = [x + n for x, n in zip(own, noise, strict=False)]
    for step in range(steps):
        kind = "center" if subspace == "convex" and step < center_steps else subspace
        gradients = []
        for row, x in enumerate(shown):
            x = x.detach().requires_grad_()
            loss = 0
            for f, references in zip(networks, clean, strict=True):
                u = normalize(f(x[None]), dim=1)[0]
                to = references[row] if kind == "own" else nearest_point(u.detach(), references.detach(), kind)
                loss = loss + ((u - torch.as_tensor(to)) ** 2).sum()
            gradients.append(torch.autograd.grad(loss, x)[0])
        left = sum(y.detach() - x for y, x in zip(shown, own, strict=True)) / len(own)
        mask = (left + step_size * (sum(gradients) / len(own)).sign()).clip(-epsilon, epsilon)
        shown = [(x + mask).clip(0, 1) for x in own]
    return mask


@pytest.mark.parametrize("subspace", ["convex", "affine", "center", "own"])
def test_agrees_with_its_definition(subspace):
    faces, networks = floats(smooth_faces(6)), [small_network(seed).double() for seed in (1, 2)]
    given = {"subspace": subspace, "center_steps": 2, "pictures": 4, "epsilon": 0.1, "steps": 5, "step_size": 0.02}
    for listed in (networks, [*networks, networks[1]]):
        mask = plain_opom(faces, listed, SEEDS, **given)
        expected = ((faces * 255).round() + (mask * 255).round()).clip(0, 255) / 255
        actual = opom.attack(faces, listed, opom.Options(**given), SEEDS)
        # A sign where the slope is next to nothing may differ, in single values.
        assert ((actual - expected).abs() < 1e-9).double().mean() > 0.999


@pytest.mark.parametrize("seed", range(5))
def test_nearest_points_of_hulls(seed):
    random = np.random.default_rng(seed)
    references, points = (torch.from_numpy(random.normal(size=(count, 12))) for count in (5, 4))
    points[3] = references.mean(dim=0)  # which lies in both
    for subspace in ("convex", "affine"):
        expected = [nearest_point(point, references, subspace) for point in points]
        actual = opom.nearest(points, references, subspace)
        np.testing.assert_allclose(actual, expected, atol=1e-5)
        torch.testing.assert_close(actual[3], points[3], atol=1e-9, rtol=0)
    # Of one reference, all are itself.
    for subspace in ("convex", "affine", "center"):
        torch.testing.assert_close(opom.nearest(points, references[:1], subspace), references[:1].expand(4, 12))


def cloak(faces, names, workers=1):
    options = {"pictures": 3, "epsilon": 0.1, "steps": 12, "step_size": 0.02}
    return perturb(faces, names, "opom", options, [small_network(4)], 3, workers=workers)


def test_every_user_has_one_mask_whatever_the_order_of_the_pictures():
    faces = (40 + smooth_faces(10) * 0.6).astype(np.uint8)  # far from black and white
    names = [f"{who}/{k}" for k in range(5) for who in ("ann", "bob")]
    posted = cloak(faces, names)
    masks = posted.astype(int) - faces
    ann, bob = masks[::2], masks[1::2]
    for own in (ann, bob):
        assert (own == own[0]).all()
    assert (ann[0] != bob[0]).mean() > 0.3
    assert np.abs(masks).max() == 26  # 0.1 of 1, in whole grey levels
    order = np.random.default_rng(0).permutation(10)
    np.testing.assert_array_equal(cloak(faces[order], [names[row] for row in order]), posted[order])
    np.testing.assert_array_equal(cloak(faces[::2], names[::2]), posted[::2])
    # Pictures beyond those it is made from have no say.
    others = faces.copy()
    others[-2:] = 255 - others[-2:]
    np.testing.assert_array_equal(cloak(others, names)[:8], posted[:8])


def test_processes_share_users_and_jobs_never_part_one():
    faces = smooth_faces(9)
    names = [f"{who}/{k}" for who in ("ann", "bob", "cy") for k in range(3)]
    whole = cloak(faces, names)
    np.testing.assert_array_equal(cloak(faces, names, workers=2), whole)
    pictures = np.array(names)
    parts = [shard(pictures, f"{number}-of-2", whole=True) for number in (1, 2)]
    assert [sorted({name[:3] for name in part}) for part in parts] == [["ann", "cy/"], ["bob"]]
    made = {}
    for part in parts:
        made |= dict(zip(part, cloak(faces[np.isin(pictures, part)], part), strict=True))
    np.testing.assert_array_equal([made[name] for name in names], whole)
    # More jobs than users: some have nothing to do.
    nothing = shard(pictures, "4-of-4", whole=True)
    assert len(nothing) == 0
    assert cloak(faces[:0], nothing).shape == (0, *faces.shape[1:])


def test_it_protects_pictures_that_it_was_not_made_from():
    random, network = np.random.default_rng(2), small_network(4)
    people = {}
    for number in range(4):
        base = smooth_faces(1, seed=number)[0].astype(float)
        people[f"p{number}"] = np.clip(base + random.normal(0, 6, (9, *base.shape)), 0, 255).astype(np.uint8)
    names = [f"{who}/{k}" for who in people for k in range(9)]
    faces = np.concatenate(list(people.values()))
    posted = cloak(faces, names).reshape(4, 9, *faces.shape[1:])

    def embed(pictures):
        with torch.no_grad():
            return normalize(network(floats(pictures, torch.float32)), dim=1).numpy()

    for clean, own in zip(people.values(), posted, strict=True):
        center = embed(clean[3:]).mean(axis=0)
        before, after = (np.linalg.norm(embed(each[3:]) - center, axis=1) for each in (clean, own))
        noise = np.clip(clean[3:].astype(int) + 26 * random.choice([-1, 1], clean[3:].shape), 0, 255)
        at_random = np.linalg.norm(embed(noise.astype(np.uint8)) - center, axis=1)
        assert (after > 3 * before).all()
        assert (after > 2 * at_random).all()


def test_a_broken_gradient_breaks_all_pictures_of_the_user():
    network = small_network(4)

    def useless(faces):
        return network(faces) / (faces.flatten(1).mean(dim=1, keepdim=True) > 0.5)  # no value for dark faces

    faces = floats(smooth_faces(3), torch.float32)
    faces[0] = 0.1
    with pytest.raises(InputError, match="opom: surrogate 1 gives NaN or a zero vector for 'a/0'"):
        perturb((faces * 255).byte().permute(0, 2, 3, 1).numpy(), ["a/0", "a/1", "a/2"], "opom", {}, [useless], 3)
    assert opom.attack(faces, [useless], opom.Options(), SEEDS).isnan().all()


def test_targets_are_refused():
    faces = floats(smooth_faces(2))
    with pytest.raises(InputError, match="opom: moves away from the user, towards nobody; remove `targets`"):
        opom.attack(faces, [small_network(1)], opom.Options(), [0, 0], targets=faces)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps": 0}, "opom: steps is 0; it must be at least 1"),
        ({"pictures": 0}, "opom: pictures is 0; it must be at least 1"),
        ({"center_steps": -1}, "opom: center_steps is -1; it must be at least 0"),
        ({"epsilon": 0.0}, "opom: epsilon is 0.0; it must be above 0 and at most 1"),
        ({"step_size": 2.0}, "opom: step_size is 2.0; it must be above 0 and at most 1"),
    ],
)
def test_wrong_options_are_told(given, message):
    with pytest.raises(InputError, match=message):
        opom.Options(**given)
