"""Defenses: what they declare, and those that treat faces against Pillow and SciPy called by hand."""

import dataclasses
import io
from importlib import import_module

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from uncloak.defenses import blur, jpeg, resize
from uncloak.defenses.treated import Treated
from uncloak.errors import InputError
from uncloak.records import plugins
from uncloak.store import open_arrays, write_arrays

NAMES = plugins.names(plugins.DEFENSE)
TREATING = {"jpeg": {"quality": 50}, "blur": {"sigma": 1.0}, "resize": {"factor": 0.5}}


def scraped(count: int = 5, side: int = 22) -> np.ndarray:
    """Faces with large and small structure, some values at 0 and 255."""
    noise = np.random.default_rng(1).normal(size=(count, side, side, 3))
    smooth = gaussian_filter(noise, (0, 3, 3, 0))
    return np.clip(128 + 60 * smooth / smooth.std() + 20 * noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_defense_has_the_hooks_that_it_declares_and_no_others(name):
    module = import_module(f"uncloak.defenses.{name}")
    options = {field.name for field in dataclasses.fields(module.Options)}
    has = {hook for hook in ("faces", "gallery", "growth", "answer") if callable(getattr(module, hook, None))}
    # Another extractor takes the place of one, and a second one is asked, by what the options say.
    assert set(module.HOOKS) == has | ({"extractor"} if "extractors" in options else set())
    assert ("second" in options) == ("answer" in module.HOOKS)
    assert "detectors" not in options or "gallery" in module.HOOKS


def test_every_kind_of_defense_is_there():
    hooks = {hook for name in NAMES for hook in plugins.constant(plugins.DEFENSE, name, "HOOKS")}
    assert hooks == {"faces", "gallery", "growth", "extractor", "answer"}
    # Modules that defenses share are none.
    assert not {"each", "treated", "detection", "detection_pictures"} & set(NAMES)


@pytest.mark.parametrize(("subsampling", "number"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
@pytest.mark.parametrize("quality", [1, 50, 100])
def test_jpeg_is_pillows(quality, subsampling, number):
    expected = []
    for face in scraped():
        file = io.BytesIO()
        Image.fromarray(face).save(file, "JPEG", quality=quality, subsampling=number)
        with Image.open(file) as image:
            expected.append(np.asarray(image.convert("RGB")))
    np.testing.assert_array_equal(jpeg.faces(scraped(), jpeg.Options(quality, subsampling)), expected)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.5])
def test_blur_is_a_gaussian_of_each_color_of_each_face(sigma):
    expected = np.empty(scraped().shape)
    for number, face in enumerate(scraped().astype(np.float64)):
        for color in range(3):
            # Down to four sigma, mirrored about the outermost pixels.
            expected[number, :, :, color] = gaussian_filter(face[:, :, color], sigma, mode="mirror", truncate=4.0)
    np.testing.assert_array_equal(blur.faces(scraped(), blur.Options(sigma)), np.rint(expected))


@pytest.mark.parametrize(("factor", "small"), [(0.5, 11), (0.3, 7), (0.01, 1)])
def test_resize_is_pillows_both_ways(factor, small):
    bicubic = Image.Resampling.BICUBIC
    expected = [
        np.asarray(Image.fromarray(face).resize((small, small), bicubic).resize((22, 22), bicubic))
        for face in scraped()
    ]
    np.testing.assert_array_equal(resize.faces(scraped(), resize.Options(factor)), expected)


@pytest.mark.parametrize("method", list(TREATING))
def test_treated_faces_are_new_8_bit_pictures_of_the_same_size(method):
    module, faces = import_module(f"uncloak.defenses.{method}"), scraped()
    treated = module.faces(faces, module.Options(**TREATING[method]))
    assert (treated.dtype, treated.shape) == (np.uint8, faces.shape)
    np.testing.assert_array_equal(faces, scraped())
    # A fine pattern goes, the face stays.
    fine, left = (np.abs(np.diff(each.astype(float), axis=1)).mean() for each in (faces, treated))
    assert left < 0.8 * fine
    assert np.abs(treated.astype(float) - faces).mean() < 25
    assert module.faces(faces[:0], module.Options(**TREATING[method])).shape == (0, 22, 22, 3)


@pytest.mark.parametrize("method", list(TREATING))
def test_treating_slice_by_slice_is_treating_all_at_once(method, tmp_path):
    module, faces = import_module(f"uncloak.defenses.{method}"), scraped(7)
    expected = module.faces(faces, module.Options(**TREATING[method]))
    write_arrays(tmp_path / "faces.h5", {"faces": faces}, {})
    does = {"method": method, "options": TREATING[method]}
    with open_arrays(tmp_path / "faces.h5") as file:
        for given in (faces, file["faces"]):
            treated = Treated(given, does)
            assert (len(treated), treated.shape, treated.dtype) == (7, faces.shape, np.uint8)
            for size in (1, 3, 7, 100):
                slices = [treated[start : start + size] for start in range(0, 7, size)]
                np.testing.assert_array_equal(np.concatenate(slices), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (lambda: jpeg.Options(quality=0), "quality is 0; it must be from 1 to 100"),
        (lambda: jpeg.Options(quality=101), "quality is 101; it must be from 1 to 100"),
        (lambda: blur.Options(sigma=0), "sigma is 0; it must be above 0"),
        (lambda: blur.Options(sigma=1001), "sigma is 1001; it must be above 0 and at most 1000 pixels"),
        (lambda: blur.Options(sigma=float("nan")), "sigma is nan"),
        (lambda: resize.Options(factor=0), "factor is 0; it must be above 0 and below 1"),
        (lambda: resize.Options(factor=1), "factor is 1; it must be above 0 and below 1"),
        (lambda: jpeg.faces(scraped(), jpeg.Options(subsampling="4:1:0")), "subsampling is '4:1:0'; choose from"),
        (lambda: blur.faces(scraped().astype(float), blur.Options()), r"takes pictures uint8 \[H,W,3\], got float64"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(options, message):
    with pytest.raises(InputError, match=message) as caught:
        options()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("jpeg", {"quality": 50.5}, "quality"),
        ("jpeg", {"subsampling": "4:1:0"}, "subsampling"),
        ("blur", {"sigma": "wide"}, "sigma"),
        ("resize", {"factors": 0.5}, "factors"),
        ("cloak_detector", {}, "detectors"),
        ("top_2", {}, "second"),
        ("confidence_threshold", {"second": "clip", "share": 0}, "share is 0"),
        ("two_means", {"keep": "both"}, "keep"),
        ("two_means", {"deviations": float("inf")}, "deviations"),
        ("before_first_attack", {"or_all": 2}, "or_all"),
        ("dyntracker", {"false_matches": 1}, "false_matches is 1"),
        ("dyntracker", {"orders": 0}, "orders is 0"),
    ],
)
def test_options_of_records_are_checked(method, options, message):
    with pytest.raises(ValueError, match=message):
        plugins.read(plugins.DEFENSE, method, options)
