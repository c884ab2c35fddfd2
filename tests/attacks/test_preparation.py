"""Fawkes' preparation of crops, bit for bit against what keras-preprocessing does."""

import numpy as np
import pytest
from PIL import Image
from reference_computations import smooth_faces

from uncloak.attacks.merging import merge_back
from uncloak.attacks.preparation import prepare, resize, square, untouched
from uncloak.records.attacks import Preparation


def keras_resize(picture, size, version):
    """Keras' array_to_img(scale=True), PIL's default resizing and img_to_array, written from attacks.md 2.2."""
    x = np.asarray(picture, dtype="float32")
    if version == "1.1.2":
        x = x - np.min(x)
        x_max = np.max(x)
        if x_max != 0:
            x /= x_max
        x *= 255
    else:
        x = x + max(-np.min(x), 0)
        x_max = np.max(x)
        if x_max != 0:
            x /= x_max
        x *= 255
    return np.asarray(Image.fromarray(x.astype("uint8"), "RGB").resize((size, size)), dtype="float32")


def pictures():
    random = np.random.default_rng(0)
    dull = smooth_faces(1, 40)[0] // 3 + 31
    wide = random.integers(9, 230, (23, 61, 3), dtype=np.uint8)
    floats = random.uniform(3.2, 201.7, (50, 34, 3)).astype(np.float32)
    return {
        "dull": dull,
        "wide": wide,
        # In Keras' float32 the second row is a whole number.
        "almost whole": np.array([0, 11 - 1e-9, 255]).repeat(18).reshape(3, 6, 3),
        "floats": floats,
        "negative": floats - 20,
        "doubles": floats.astype(np.float64) / 3,
        "black": np.zeros((12, 12, 3), np.uint8),
        "even": np.full((12, 12, 3), 77.7, np.float32),
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", pictures())
@pytest.mark.parametrize(("stretch", "version"), [("minmax", "1.1.2"), ("max", "1.1.0")])
@pytest.mark.parametrize("size", [24, 112])
def test_resize_is_keras_bit_for_bit(name, stretch, version, size):
    picture = pictures()[name]
    before = picture.copy()
    result = resize(picture, size, stretch)
    np.testing.assert_array_equal(result, keras_resize(picture, size, version))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(picture, before)


def test_stretches_differ_as_their_versions_do():
    picture = pictures()["dull"]
    none, minmax, largest = (resize(picture, 40, stretch) for stretch in ("none", "minmax", "max"))
    np.testing.assert_array_equal(none, picture)
    assert (minmax.min(), minmax.max()) == (0, 255)
    assert largest.min() > 60
    assert largest.max() == 255


def test_values_are_cut_not_rounded():
    picture = np.full((16, 16, 3), 10.99)
    assert (resize(picture, 16, "none") == 10).all()
    picture[0, 0], picture[1, 1] = 0, 255
    # 10.99 stretched by 255 / 255 stays below 11.
    assert (resize(picture, 16, "minmax")[2:] == 10).all()


@pytest.mark.parametrize("shape", [(20, 33), (33, 20), (21, 34), (15, 15)])
def test_squares_are_the_tools(shape):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    height, width = shape
    corner = square(picture, "corner")
    longest = max(shape)
    assert corner.shape == (longest, longest, 3)
    np.testing.assert_array_equal(corner[:height, :width], picture)
    assert corner.sum() == picture.sum()

    middle = square(picture, "mean")
    side = longest + 30
    assert middle.shape == (side, side, 3)
    expected = np.ones((side, side, 3)) * picture.reshape(-1, 3).astype(np.float64).mean(axis=0)
    top, left = (side - height) // 2, (side - width) // 2
    expected[top : top + height, left : left + width] = picture
    np.testing.assert_allclose(middle, expected, rtol=1e-12)
    assert square(picture, "none") is picture


def test_prepared_faces_are_squared_then_resized_as_often_as_asked():
    faces = smooth_faces(3, 20) // 2 + 40
    np.testing.assert_array_equal(prepare(faces, Preparation(size=20)), faces)
    plain = np.stack([np.asarray(Image.fromarray(face).resize((48, 48))) for face in faces])
    np.testing.assert_array_equal(prepare(faces, Preparation(size=48)), plain)
    large = np.random.default_rng(0).integers(40, 168, (3, 96, 96, 3), dtype=np.uint8)
    once, twice = (prepare(large, Preparation(size=11, stretch="minmax", times=times)) for times in (1, 2))
    for row, face in enumerate(large):
        np.testing.assert_array_equal(once[row], keras_resize(face, 11, "1.1.2"))
        np.testing.assert_array_equal(twice[row], keras_resize(keras_resize(face, 11, "1.1.2"), 11, "1.1.2"))
    # So much shrinking leaves less than the whole range, which the second stretch fills.
    assert not np.array_equal(once, twice)
    mean = Preparation(size=32, stretch="max", padding="mean")
    padded = prepare(faces, mean)
    np.testing.assert_array_equal(padded[1], keras_resize(square(faces[1], "mean"), 32, "1.1.0"))
    np.testing.assert_array_equal(prepare(faces[[2, 0]], mean), padded[[2, 0]])
    wide = faces[:, :12]
    cornered = prepare(wide, Preparation(size=20, padding="corner"))
    np.testing.assert_array_equal(cornered[:, :12], wide)
    assert (cornered[:, 12:] == 0).all()


def test_faces_without_a_preparation_stay_as_they_are():
    faces = smooth_faces(2, 20)
    assert prepare(faces, None) is faces


def cubic(side: int, length: int) -> np.ndarray:
    """The matrix [length, side] of Pillow's bicubic resizing of a line (a = -1/2, widened where it shrinks)."""
    step = side / length
    width = max(step, 1.0)
    away = np.abs((np.arange(side) + 0.5 - (np.arange(length)[:, None] + 0.5) * step) / width)
    near, far = 1.5 * away**3 - 2.5 * away**2 + 1, -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
    weights = np.where(away < 1, near, np.where(away < 2, far, 0))
    return weights / weights.sum(1, keepdims=True)


@pytest.mark.parametrize("size", [24, 61])
@pytest.mark.parametrize("padding", ["none", "corner", "mean"])
def test_a_cloak_made_at_another_size_goes_back_to_the_face(padding, size):
    """As a difference: resized back, without the padding, added, cut to whole grey levels."""
    faces, random = smooth_faces(3, 40), np.random.default_rng(4)
    preparation = Preparation(size=size, padding=padding, merge="clean")
    prepared = prepare(faces, preparation)
    perturbed = np.clip(prepared + random.integers(-20, 21, prepared.shape), 0, 255).astype(np.uint8)
    side = {"none": 40, "corner": 40, "mean": 70}[padding]
    back = cubic(size, side)
    cloak = np.einsum("ij,njkc,lk->nilc", back, perturbed.astype(float) - prepared, back)
    first = {"none": 0, "corner": 0, "mean": 15}[padding]
    expected = np.clip(faces + cloak[:, first : first + 40, first : first + 40], 0, 255)
    found = merge_back(faces, prepared, perturbed, preparation)
    assert found.dtype == np.uint8
    # Cut, not rounded: so a sum that is a whole number may be a level below it.
    assert (found <= expected + 1e-3).all()
    assert (found > expected - 1 - 1e-3).all()
    np.testing.assert_array_equal(merge_back(faces, prepared, prepared, preparation), faces)
    np.testing.assert_array_equal(untouched(faces, preparation), faces)


def test_a_cloak_goes_back_as_the_tool_resizes():
    """After 8-bit resizing with its stretch, of both pictures."""
    faces, random = smooth_faces(2, 40) // 2 + 20, np.random.default_rng(4)
    preparation = Preparation(size=28, stretch="minmax", merge="original")
    prepared = prepare(faces, preparation)
    perturbed = np.clip(prepared + random.integers(-20, 21, prepared.shape), 0, 255).astype(np.uint8)
    found = merge_back(faces, prepared, perturbed, preparation)
    for face, clean, cloaked, posted in zip(faces, prepared, perturbed, found, strict=True):
        cloak = keras_resize(cloaked, 40, "1.1.2") - keras_resize(clean, 40, "1.1.2")
        np.testing.assert_array_equal(posted, np.clip(face + cloak, 0, 255).astype(np.uint8))


def test_without_a_way_back_the_crops_are_posted_as_they_were_resized():
    faces = smooth_faces(2, 40)
    preparation = Preparation(size=28)
    prepared = prepare(faces, preparation)
    np.testing.assert_array_equal(merge_back(faces, prepared, prepared[::-1], preparation), prepared[::-1])
    np.testing.assert_array_equal(untouched(faces, preparation), prepared)
    np.testing.assert_array_equal(merge_back(faces, faces, faces[::-1], None), faces[::-1])
