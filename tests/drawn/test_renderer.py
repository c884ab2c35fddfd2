"""The procedural renderer: determinism, geometry, and the statistics the embedded default relies on."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from skimage.transform import SimilarityTransform
from skimage.transform import warp as skimage_warp

from uncloak.drawn.caption import caption
from uncloak.drawn.frame import Frame
from uncloak.drawn.head import Head
from uncloak.drawn.identity import person
from uncloak.drawn.nuisance import circumstances, varied
from uncloak.drawn.scene import face, photograph
from uncloak.errors import InputError
from uncloak.pictures.landmarks import template

SEED = 5


def _plain(picture: str, **changes):
    """Return circumstances without noise, blur, hats or occluders."""
    return replace(
        circumstances(SEED, picture), blur=0.0, noise=0.0, hat="none", occluder="none", other_glasses="none", **changes
    )


def _draw(pictures: list[str]) -> dict[str, bytes]:
    drawn = {}
    for picture in pictures:
        who, how = person(SEED, picture.split("/")[0]), circumstances(SEED, picture)
        photo, landmarks = photograph(who, how)
        drawn[picture] = photo.tobytes() + landmarks.tobytes() + face(who, how).tobytes()
    return drawn


def test_pictures_do_not_depend_on_process_or_order():
    pictures = [f"ann{i}/{j}" for i in range(4) for j in range(2)]
    there = "\n".join(
        [
            "import hashlib, sys",
            "from uncloak.drawn.identity import person",
            "from uncloak.drawn.nuisance import circumstances",
            "from uncloak.drawn.scene import face, photograph",
            f"for name in {pictures[::-1]!r}:",
            f"    who, how = person({SEED}, name.split('/')[0]), circumstances({SEED}, name)",
            "    aligned = face(who, how).tobytes()",
            "    photo, landmarks = photograph(who, how)",
            "    print(name, hashlib.sha256(photo.tobytes() + landmarks.tobytes() + aligned).hexdigest())",
            "assert 'torch' not in sys.modules",
        ]
    )
    result = subprocess.run([sys.executable, "-c", there], capture_output=True, text=True, check=True)
    here = {name: hashlib.sha256(content).hexdigest() for name, content in _draw(pictures).items()}
    assert dict(line.split() for line in result.stdout.splitlines()) == here


def test_shapes_and_types():
    who, how = person(SEED, "ann"), circumstances(SEED, "ann/0")
    photo, landmarks = photograph(who, how, size=160)
    assert photo.shape == (160, 160, 3)
    assert photo.dtype == np.uint8
    assert landmarks.shape == (5, 2)
    assert landmarks.dtype == np.float32
    assert face(who, how, size=112).shape == (112, 112, 3)


def test_seed_identity_and_picture_each_change_the_face():
    reference = face(person(1, "ann"), circumstances(1, "ann/0")).astype(float)
    others = [
        (person(2, "ann"), circumstances(1, "ann/0")),
        (person(1, "bob"), circumstances(1, "ann/0")),
        (person(1, "ann"), circumstances(1, "ann/1")),
        (person(1, "ann"), circumstances(2, "ann/0")),
    ]
    for who, how in others:
        assert np.abs(face(who, how) - reference).mean() > 5.0


def test_landmarks_lie_in_the_picture_in_order():
    for i in range(150):
        picture = f"p{i}/0"
        photo, points = photograph(person(SEED, f"p{i}"), circumstances(SEED, picture), size=96)
        assert points.min() > 0
        assert points.max() < len(photo) - 1
        left_eye, right_eye, _, left_mouth, right_mouth = points
        assert left_eye[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        down = (left_mouth + right_mouth - left_eye - right_eye) / 2
        across = right_eye - left_eye
        # clockwise from "across" to "down", and a face's proportions
        assert across[0] * down[1] - across[1] * down[0] > 0
        assert 0.7 < np.linalg.norm(down) / np.linalg.norm(across) < 2.0


def test_faces_are_a_third_to_a_half_of_the_photograph():
    for i in range(30):
        who = person(SEED, f"p{i}")
        _, points = photograph(who, _plain(f"p{i}/0", yaw=0.0, pitch=0.0, roll=0.0), size=200)
        eyes_per_width = 0.975 * who.eye_x / who.half_width
        assert 0.3 < (points[1, 0] - points[0, 0]) / eyes_per_width / 200 < 0.5


def test_face_is_the_photograph_aligned_by_its_landmarks():
    for i in range(8):
        who, how = person(SEED, f"p{i}"), _plain(f"p{i}/0")
        # at this size the photograph has about the scale of the crop, so that neither is finer than the other
        photo, points = photograph(who, how, size=136)
        straight = face(who, how, jitter=0.0).astype(float)
        transform = SimilarityTransform.from_estimate(points.astype(float), template(64))
        aligned = 255 * skimage_warp(photo, transform.inverse, output_shape=(64, 64), order=1, mode="edge")
        inner = np.s_[4:-4, 4:-4]
        difference = np.abs(aligned[inner] - straight[inner])
        assert difference.mean() < 4.0
        assert np.corrcoef(aligned[inner].ravel(), straight[inner].ravel())[0, 1] > 0.98


def test_jitter_moves_the_face_by_about_its_size():
    who = person(SEED, "ann")
    moved = []
    for i in range(40):
        how = circumstances(SEED, f"ann/{i}")
        moved.append(np.mean(how.detector_error, axis=0))
    # the mean of five unit errors has a standard deviation of 1 / sqrt(5) per axis
    assert np.std(moved) == pytest.approx(5**-0.5, rel=0.25)
    how = _plain("ann/0")
    still, jittered = face(who, how, jitter=0.0).astype(float), face(who, how, jitter=0.05).astype(float)
    far = face(who, how, jitter=0.2).astype(float)
    assert 0 < np.abs(jittered - still).mean() < np.abs(far - still).mean()


def test_surface_inverts_the_projection():
    for i in range(6):
        head = Head(person(SEED, f"p{i}"), replace(_plain(f"p{i}/0"), yaw=0.35, pitch=-0.2, roll=0.0))
        points = np.array([(0.3, -0.05), (-0.3, 0.5), (0.05, 0.7), (-0.1, -0.5), (0.0, 0.1)])
        seen = head.project_relief(points, np.zeros(len(points)))
        x, y = (np.tile(values.astype(np.float32), (3, 1)) for values in seen.T)
        surface = head.surface(x, y, Frame.placed(64, 32.0, 0.0, (32.0, 32.0)))
        # the two fixed-point steps leave a small error where the height field is steep
        assert np.abs(surface.x[1] - points[:, 0]).max() < 0.03
        assert np.abs(surface.y[1] - points[:, 1]).max() < 0.03


def test_normals_are_unit_and_match_the_ellipsoid_far_from_the_features():
    head = Head(person(SEED, "ann"), replace(_plain("ann/0"), yaw=0.3, pitch=0.1))
    frame = Frame.placed(96, 40.0, 0.0, (48.0, 48.0))
    surface = head.surface(*frame.plane(), frame)
    inside = surface.outside < -0.1
    for normal in (surface.normal, surface.smooth_normal):
        length = np.sqrt(sum(np.square(part, dtype=np.float64) for part in normal))
        np.testing.assert_allclose(length[inside], 1.0, atol=1e-3)
    crown = inside & (surface.y < -0.75)
    cosine = sum(a * b for a, b in zip(surface.normal, surface.smooth_normal, strict=True))
    assert crown.sum() > 20
    assert cosine[crown].min() > 0.99
    nose = inside & (np.abs(surface.x) < 0.2) & (np.abs(surface.y - head.person.nose_y) < 0.15)
    assert cosine[nose].min() < 0.9


@pytest.mark.parametrize("roll", [-0.4, 0.0, 0.4])
def test_light_comes_from_its_side_of_the_photograph(roll):
    who = replace(person(SEED, "ann"), style="bald", beard="none", glasses="none")
    pose = {"yaw": 0.0, "pitch": 0.0, "roll": roll, "ambient": 0.2}
    left, points = photograph(who, _plain("ann/0", light=(-0.8, 0.0, 0.6), **pose))
    right, _ = photograph(who, _plain("ann/0", light=(0.8, 0.0, 0.6), **pose))
    difference = left.astype(float).mean(axis=2) - right.astype(float).mean(axis=2)
    eye_distance = np.linalg.norm(points[1] - points[0])
    middle = points.mean(axis=0)
    y, x = np.indices(difference.shape)
    near = np.hypot(x - middle[0], y - middle[1]) < 0.8 * eye_distance
    assert difference[near & (x < middle[0])].mean() > 10
    assert difference[near & (x > middle[0])].mean() < -10


def test_landmark_shapes_tell_people_apart():
    """Between people the faces' proportions vary more than between one person's pictures (one-way F statistic)."""
    people, pictures = 30, 8
    ratios = np.empty((people, pictures))
    for i in range(people):
        for j in range(pictures):
            how = circumstances(SEED, f"p{i}/{j}")
            _, points = photograph(person(SEED, f"p{i}"), how, size=16)
            eyes = np.linalg.norm(points[1] - points[0])
            ratios[i, j] = np.linalg.norm(points[3:].mean(axis=0) - points[:2].mean(axis=0)) * np.cos(how.yaw) / eyes
    between = pictures * ratios.mean(axis=1).var(ddof=1)
    within = ratios.var(axis=1, ddof=1).mean()
    assert between / within > 4.0


def test_pixels_alone_recognize_some_faces_but_not_most():
    people, gallery, probes = 60, 6, 3
    faces = np.array(
        [
            face(person(SEED, f"p{i}"), circumstances(SEED, f"p{i}/{j}"), size=32).ravel()
            for i in range(people)
            for j in range(gallery + probes)
        ],
        np.float32,
    ).reshape(people, gallery + probes, -1)
    known, asked = faces[:, :gallery].reshape(people * gallery, -1), faces[:, gallery:].reshape(people * probes, -1)
    distance = np.square(known).sum(axis=1) - 2 * asked @ known.T
    wrong = distance.argmin(axis=1) // gallery != np.arange(people * probes) // probes
    assert 0.4 < wrong.mean() < 0.9


def test_circumstances_follow_their_stated_frequencies():
    drawn = [circumstances(SEED, f"q/{i}") for i in range(3000)]
    assert np.mean([c.occluder != "none" for c in drawn]) == pytest.approx(0.06, abs=0.015)
    assert np.mean([c.hat != "none" for c in drawn]) == pytest.approx(0.03, abs=0.012)
    assert np.mean([c.other_glasses != "none" for c in drawn]) == pytest.approx(0.02, abs=0.01)
    for angle, sd in (("yaw", 0.24), ("pitch", 0.12), ("roll", 0.14)):
        values = [getattr(c, angle) for c in drawn]
        assert np.mean(values) == pytest.approx(0, abs=0.02)
        assert np.std(values) == pytest.approx(sd, rel=0.08)
    assert all(0.004 <= c.noise <= 0.03 and 0 <= c.blur <= 1.1 for c in drawn)
    np.testing.assert_allclose([np.linalg.norm(c.light) for c in drawn], 1.0, atol=1e-6)


def test_variation_multiplies_what_differs_from_picture_to_picture():
    plain = circumstances(SEED, "q/1")
    more = varied(plain, 1.5)
    assert (more.yaw, more.roll, more.noise) == pytest.approx((1.5 * plain.yaw, 1.5 * plain.roll, 1.5 * plain.noise))
    assert replace(more, yaw=0, pitch=0, roll=0, brow_raise=0, gaze_x=0, gaze_y=0, blur=0, noise=0) == replace(
        plain, yaw=0, pitch=0, roll=0, brow_raise=0, gaze_x=0, gaze_y=0, blur=0, noise=0
    )
    assert varied(plain, 1.0) == plain


def test_captions_tell_what_is_seen():
    captions, words = [], set()
    for i in range(300):
        who, how = person(SEED, f"p{i}"), circumstances(SEED, f"p{i}/0")
        text = caption(who, how)
        captions.append(text)
        words |= set(text.replace(",", "").split())
        assert text.startswith("a photograph of a ")
        assert not any(character.isdigit() for character in text)
        assert ("glasses" in text) == (who.glasses != "none" or how.other_glasses != "none")
        assert who.style in text
        assert f"{who.iris} eyes" in text
        assert ("looking right" in text) == (how.yaw > 0.15)
        assert ("looking left" in text) == (how.yaw < -0.15)
    assert len(set(captions)) > 290
    assert 50 < len(words) < 120


def test_glasses_and_beard_are_drawn():
    who, how = person(SEED, "ann"), _plain("ann/0", yaw=0.0, pitch=0.0)
    bare = replace(who, glasses="none", beard="none", style="short", fringe=0.0)
    plain = face(bare, how, jitter=0.0).astype(float)
    eyes, chin = np.s_[20:40, 10:54], np.s_[48:60, 16:48]
    glasses = face(replace(bare, glasses="round", glasses_color=(0.05, 0.05, 0.05)), how, jitter=0.0)
    beard = face(replace(bare, beard="full", beard_color=(0.1, 0.1, 0.1), beard_density=0.9), how, jitter=0.0)
    assert np.abs(glasses - plain)[eyes].mean() > 5
    assert np.abs(glasses - plain)[chin].mean() < 0.5
    assert np.abs(beard - plain)[chin].mean() > 5
    assert np.abs(beard - plain)[eyes].mean() < 0.5


def test_noise_has_its_standard_deviation():
    how = replace(_plain("ann/0"), backdrop="wall")
    who = person(SEED, "ann")
    clean, _ = photograph(who, how)
    noisy, _ = photograph(who, replace(how, noise=0.02))
    middle = (clean > 30) & (clean < 225)
    assert np.std((noisy.astype(float) - clean)[middle]) == pytest.approx(255 * 0.02, rel=0.05)


@pytest.mark.parametrize("draw", [photograph, face])
def test_too_small_a_picture_is_refused(draw):
    with pytest.raises(InputError, match="16"):
        draw(person(SEED, "ann"), circumstances(SEED, "ann/0"), size=8)
