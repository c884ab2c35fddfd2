"""Cloaks made on a crop and put back into the photograph."""

import numpy as np
import pytest
from PIL import Image
from reference_computations import smooth_faces
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import map_coordinates
from skimage.transform import SimilarityTransform
from test_preparation import keras_resize

from uncloak.attacks.merging import TOOLS, AlignedCrop, Box, BoxCrop, tool_box
from uncloak.pictures.alignment import similarity, warp
from uncloak.pictures.landmarks import template

HEIGHT, WIDTH = 90, 120


def photograph(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A smooth picture uint8 [H,W,3] without values near 0 and 255."""
    coarse = np.random.default_rng(seed).integers(60, 196, (height // 10, width // 10, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def crop_of(scale: float, angle: float, shift: tuple[float, float], size: int = 32) -> AlignedCrop:
    """The crop of a face `scale` times as large in the photograph as in the crop."""
    points = SimilarityTransform(scale=scale, rotation=angle, translation=shift)(template(size))
    return AlignedCrop(similarity(points, template(size)), size)


# --- The tools' boxes -----------------------------------------------------------------------------------------------


def plain_v03_box(found, margin, width, height):
    """attacks.md 3.2, the mix of s1 and s2 included."""
    x1, y1, x2, y2 = found
    s1, s2 = int((x2 - x1) * margin), int((y2 - y1) * margin)
    left, top = max(x1 - s1 / 2, 0), max(y1 - s1 / 2, 0)
    right, bottom = min(x2 + s2 / 2, width), min(y2 + s2 / 2, height)
    return int(left), int(top), int(right), int(bottom)


def test_boxes_are_the_tools():
    random = np.random.default_rng(0)
    for _ in range(50):
        start, sides = random.uniform(-5, 60, 2), random.uniform(20, 45, 2)
        found = np.concatenate([start, start + sides]).astype(np.float32)
        numbers = [float(value) for value in found]
        for faces, margin in ((1, 0.7), (2, 0.7 / 1.5), (5, 0.7 / 1.5)):
            box = tool_box(found, faces, WIDTH, HEIGHT, TOOLS["fawkes_v03"])
            assert box == plain_v03_box(numbers, margin, WIDTH, HEIGHT)
        box = tool_box(found, 2, WIDTH, HEIGHT, TOOLS["fawkes_v10"])
        expected = np.clip(found, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).astype(int)
        assert box == tuple(expected)
    # A face 20 wide and 40 high: 14 and 28 pixels are added, but by 7 at the top and 14 on the right.
    assert tool_box(np.array([50, 30, 70, 70]), 1, 200, 200, TOOLS["fawkes_v03"]) == (43, 23, 84, 84)


@pytest.mark.parametrize("padding", ["corner", "mean"])
@pytest.mark.parametrize("box", [Box(20, 10, 61, 75), Box(0, 40, 50, 90)])
def test_original_merge_is_the_tools_step_by_step(padding, box):
    picture, size = photograph() // 2 + 40, 24
    crop = BoxCrop(box, padding, size, "minmax")
    height, width = box.bottom - box.top, box.right - box.left
    side = max(height, width) + (30 if padding == "mean" else 0)
    top, left = ((side - height) // 2, (side - width) // 2) if padding == "mean" else (0, 0)
    cut = picture[box.top : box.bottom, box.left : box.right].astype(np.float64)
    canvas = np.ones((side, side, 3)) * (cut.mean(axis=(0, 1)) if padding == "mean" else 0)
    canvas[top : top + height, left : left + width] = cut
    clean = crop.cut(picture)
    np.testing.assert_array_equal(clean, keras_resize(canvas, size, "1.1.2"))

    cloaked = np.clip(clean + np.random.default_rng(3).normal(0, 6, clean.shape), 0, 255).astype(np.float32)
    difference = keras_resize(cloaked, side, "1.1.2") - keras_resize(clean, side, "1.1.2")
    expected = picture.astype(np.float64)
    expected[box.top : box.bottom, box.left : box.right] += difference[top : top + height, left : left + width]
    np.testing.assert_array_equal(crop.merge(picture, clean, cloaked), np.clip(expected, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("padding", ["corner", "mean"])
def test_clean_merge_adds_the_resized_difference_inside_the_box_alone(padding):
    picture, box = photograph(), Box(20, 10, 61, 75)
    crop = BoxCrop(box, padding, 32)
    clean = crop.cut(picture)
    y, x = np.mgrid[:32, :32] / 31
    wave = 20 * np.stack([np.sin(3 * x), np.cos(2 * y), x * y], axis=-1)
    merged = crop.merge(picture, clean, clean + wave)
    change = merged.astype(float) - picture
    outside = np.ones(picture.shape[:2], bool)
    outside[box.top : box.bottom, box.left : box.right] = False
    assert not change[outside].any()
    # The same wave seen through the photograph's pixels of the square.
    side, top, left = (95, 15, 27) if padding == "mean" else (65, 0, 0)
    rows, columns = np.mgrid[top : top + 65, left : left + 41]
    places = [(each + 0.5) * 32 / side - 0.5 for each in (rows, columns)]
    expected = np.stack([map_coordinates(wave[..., k], places, order=3, mode="nearest") for k in range(3)], axis=-1)
    inside = change[box.top : box.bottom, box.left : box.right]
    # Cut to whole levels after adding.
    assert np.abs(inside + 0.5 - expected)[3:-3, 3:-3].max() < 0.8


# --- The aligned crop -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "angle", "shift"),
    [(1.3, 0.2, (30, 10)), (2.4, -0.4, (10, 30)), (0.97, 0.0, (50, 40)), (1.6, 1.0, (95, 5)), (2.0, 0.1, (-30, -20))],
)
def test_aligned_merge_is_the_difference_seen_from_the_photograph(scale, angle, shift):
    picture, crop = photograph(), crop_of(scale, angle, shift)
    difference = np.random.default_rng(1).normal(0, 8, (32, 32, 3))
    merged = crop.merge(picture, np.zeros((32, 32, 3)), difference)
    y, x = np.indices(picture.shape[:2])
    columns, rows = np.einsum("ij,jkl->ikl", crop.matrix, np.stack([x, y, np.ones_like(x)]))
    if scale < 1:
        # A triangle 1 / scale wide, of which little reaches the neighbors.
        kernel = np.array([1 - scale, 1, 1 - scale]) / (3 - 2 * scale)
        for axis in (0, 1):
            difference = np.apply_along_axis(np.convolve, axis, difference, kernel, "same")
    # Cubic splines through the crop's pixels, and nothing beyond their centers.
    seen = [RectBivariateSpline(np.arange(32), np.arange(32), difference[..., k]).ev(rows, columns) for k in range(3)]
    within = ((columns >= 0) & (columns <= 31) & (rows >= 0) & (rows <= 31))[..., None]
    expected = np.clip(picture + np.where(within, np.stack(seen, axis=-1), 0), 0, 255)
    np.testing.assert_array_equal(merged[~within[..., 0]], picture[~within[..., 0]])
    # At the border the splines are continued in different ways.
    inner = (columns >= 8) & (columns <= 23) & (rows >= 8) & (rows <= 23)
    assert inner.sum() > 80
    assert np.abs(merged[inner] + 0.5 - expected[inner]).max() < 0.55
    assert np.abs(merged.astype(float) + 0.5 - expected)[within[..., 0]].mean() < 0.9


def test_a_cloak_shrunk_into_the_photograph_does_not_alias():
    picture, crop = np.full((60, 60, 3), 128, np.uint8), crop_of(0.25, 0.0, (20, 20), size=64)
    stripes = np.zeros((64, 64, 3))
    stripes[:, ::2], stripes[:, 1::2] = 40, -40
    merged = crop.merge(picture, np.zeros_like(stripes), stripes)
    assert np.abs(merged[22:34, 22:34].astype(int) - 128).max() <= 1
    merged = crop.merge(picture, np.zeros_like(stripes), np.full_like(stripes, 30.5))
    assert (merged[22:34, 22:34] == 158).all()


@pytest.mark.parametrize("scale", [0.6, 1.4, 2.7])
def test_the_trainer_sees_the_cloak_again(scale):
    picture, crop = photograph(2, 150, 170), crop_of(scale, 0.3, (50, 25))
    y, x = np.mgrid[:32, :32] / 31
    cloak = 25 * np.stack([np.sin(6 * x + y), np.cos(5 * y), np.sin(7 * x * y)], axis=-1)
    clean = crop.cut(picture)
    seen = warp(crop.merge(picture, clean, clean + cloak), crop.matrix, 32).astype(float) - clean
    middle = (slice(3, -3), slice(3, -3))
    residual = (seen + 0.5 - cloak)[middle]
    assert np.sqrt((residual**2).mean()) < 0.15 * np.sqrt((cloak[middle] ** 2).mean())


# --- Both -----------------------------------------------------------------------------------------------------------


CROPS = [
    BoxCrop(Box(20, 10, 61, 75), "corner", 24, "minmax"),
    BoxCrop(Box(0, 0, 120, 90), "mean", 24, "max"),
    BoxCrop(Box(20, 10, 61, 75), "mean", 24),
    crop_of(1.7, 0.3, (40, 20)),
    crop_of(0.7, 0.3, (100, 70)),
    crop_of(1.0, 0.0, (500, 500)),
]


@pytest.mark.parametrize("crop", CROPS)
def test_no_cloak_changes_no_byte_and_strong_ones_do_not_wrap_around(crop):
    picture = smooth_faces(1, 120)[0][:HEIGHT]
    assert {0, 255} <= set(picture.ravel().tolist())
    before, clean = picture.copy(), crop.cut(picture)
    for same in (clean, clean.astype(np.float32)):
        np.testing.assert_array_equal(crop.merge(picture, clean, same), picture)
    if getattr(crop, "stretch", "none") == "none":
        assert (crop.merge(picture, clean, clean + 300.0) >= picture).all()
        assert (crop.merge(picture, clean, clean - 300.0) <= picture).all()
    np.testing.assert_array_equal(picture, before)
