"""Defenses: what they declare, and those that treat faces against Pillow and SciPy called by hand."""

import dataclasses
import hashlib
import io
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from uncloak.defenses import blur, jpeg, noise_upscale, resize, total_variation, wavelet
from uncloak.defenses.treated import to_embed, treated
from uncloak.errors import InputError
from uncloak.pictures.split import write_split
from uncloak.pictures.views import Stored
from uncloak.records import plugins
from uncloak.seeds import generator
from uncloak.store import write_arrays

NAMES = plugins.names(plugins.DEFENSE)
TREATING = {
    "jpeg": {"quality": 50},
    "blur": {"sigma": 1.0},
    "resize": {"factor": 0.5},
    "noise_upscale": {"seed": 1},
    "total_variation": {"weight": 0.1},
    "wavelet": {"sigma": 24.0},
}


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


def test_probes_alone_are_embedded_where_they_alone_are_treated(tmp_path):
    faces, names = scraped(6), [f"a/{number}" for number in range(6)]
    write_arrays(tmp_path / "faces.h5", {"faces": faces, "picture": np.array(names)}, {})
    parts = ["probe", "gallery", "none", "gallery", "probe", "gallery"]
    table = pd.DataFrame({"picture": names, "identity": "a", "part": parts, "role": "other"}).iloc[::-1]
    write_split(table, tmp_path / "split.csv")
    does = {"method": "resize", "options": {"factor": 0.5}}
    pictures, probes = to_embed(tmp_path / "faces.h5", does, tmp_path / "split.csv")
    expected = resize.faces(faces[[0, 4]], resize.Options(factor=0.5))
    assert sorted(pictures) == ["a/0", "a/4"]
    np.testing.assert_array_equal(probes[:][np.argsort(pictures)], expected)
    pictures, everything = to_embed(tmp_path / "faces.h5", None)
    assert pictures.tolist() == names
    np.testing.assert_array_equal(everything[:], faces)


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


def test_noise_is_drawn_by_seed_and_face_and_then_made_smaller():
    expected, bicubic = [], Image.Resampling.BICUBIC
    for face in scraped():
        noise = generator(7, "noise_upscale", hashlib.sha256(face.tobytes()).hexdigest()).normal(0, 30, face.shape)
        noisy = Image.fromarray(np.clip(np.rint(face + noise), 0, 255).astype(np.uint8))
        expected.append(np.asarray(noisy.resize((11, 11), bicubic).resize((22, 22), bicubic)))
    options = noise_upscale.Options(seed=7, sigma=30.0)
    treated = noise_upscale.faces(scraped(), options)
    np.testing.assert_array_equal(treated, expected)
    # Wherever a face stands, in whatever layout; another seed is other noise.
    mirrored = np.ascontiguousarray(scraped()[::-1, :, ::-1])[::-1, :, ::-1]
    np.testing.assert_array_equal(noise_upscale.faces(mirrored, options), expected)
    assert (noise_upscale.faces(scraped(), noise_upscale.Options(seed=8, sigma=30.0)) != treated).any()


@pytest.mark.parametrize("weight", [0.05, 0.1])
def test_total_variation_is_the_least(weight):
    """Against the dual problem solved by accelerated projection (Beck and Teboulle 2009) to the end, in float64."""
    face = scraped(1, 16)[0] / 255
    right = np.zeros((2, *face.shape))
    ahead, before = right.copy(), 1.0
    for _ in range(3000):
        smooth = face - weight * _adjoint(ahead)
        climbed = ahead + _gradient(smooth) / (8 * weight)
        projected = climbed / np.maximum(1, np.sqrt((climbed**2).sum(0)))
        now = (1 + np.sqrt(1 + 4 * before**2)) / 2
        ahead, right, before = projected + (before - 1) / now * (projected - right), projected, now
    expected = face - weight * _adjoint(right)
    options = total_variation.Options(weight)
    treated = total_variation.faces(scraped(1, 16), options)[0] / 255
    # The library stops where a step gains little: nearly there.
    assert np.abs(treated - face).mean() > 10 / 255
    assert np.abs(treated - expected).mean() < 0.2 * np.abs(treated - face).mean()
    # It has nothing to take from a face of one color.
    plain = np.full((1, 16, 16, 3), 77, dtype=np.uint8)
    np.testing.assert_array_equal(total_variation.faces(plain, options), plain)


def _gradient(face):
    """Differences to the next row and column, 0 at the last; float64 [2,S,S,3]."""
    found = np.zeros((2, *face.shape))
    found[0, :-1], found[1, :, :-1] = np.diff(face, axis=0), np.diff(face, axis=1)
    return found


def _adjoint(field):
    """The adjoint of `_gradient`."""
    found = np.zeros(field.shape[1:])
    found[:-1] -= field[0, :-1]
    found[1:] += field[0, :-1]
    found[:, :-1] -= field[1, :, :-1]
    found[:, 1:] += field[1, :, :-1]
    return found


def test_wavelets_shrink_by_the_threshold_of_bayes():
    """Of a grey face, where luma alone is left: Haar's transform written out, two levels of 32 pixels, in float64."""
    face = np.repeat(scraped(1, 32)[0, :, :, :1], 3, axis=2)
    # What independent noise of 30 grey levels in each color is in luma, whose shares of 219 these are (BT.601).
    sigma = 30.0 * np.linalg.norm([65.481, 128.553, 24.966]) / 219
    approximation, details = face[..., 0].astype(np.float64), []
    for _ in range(2):
        approximation, *bands = _haar(approximation)
        details.append(bands)
    for bands in reversed(details):
        shrunk = []
        for band in bands:
            signal = np.sqrt(max((band**2).mean() - sigma**2, 1e-12))
            shrunk.append(np.sign(band) * np.maximum(np.abs(band) - sigma**2 / signal, 0))
        approximation = _back(approximation, *shrunk)
    expected = np.clip(approximation, 0, 255)
    [treated] = wavelet.faces(face[None], wavelet.Options(30.0))
    assert np.abs(treated - expected[..., None]).max() <= 1.5
    assert np.abs(treated.astype(float) - face).mean() > 5


def _haar(picture):
    a, b, c, d = picture[::2, ::2], picture[::2, 1::2], picture[1::2, ::2], picture[1::2, 1::2]
    return (a + b + c + d) / 2, (a + b - c - d) / 2, (a - b + c - d) / 2, (a - b - c + d) / 2


def _back(mean, rows, columns, both):
    picture = np.empty((2 * mean.shape[0], 2 * mean.shape[1]))
    picture[::2, ::2], picture[::2, 1::2] = mean + rows + columns + both, mean + rows - columns - both
    picture[1::2, ::2], picture[1::2, 1::2] = mean - rows + columns - both, mean - rows - columns + both
    return picture / 2


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
    for given in (faces, Stored(tmp_path / "faces.h5")):
        view = treated(given, does)
        assert (len(view), view.shape, view.dtype) == (7, faces.shape, np.uint8)
        for size in (1, 3, 7, 100):
            slices = [view[start : start + size] for start in range(0, 7, size)]
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
        (lambda: noise_upscale.Options(1, sigma=0), "sigma is 0; it must be above 0 and at most 255 grey levels"),
        (lambda: noise_upscale.Options(1, factor=1), "factor is 1; it must be above 0 and below 1"),
        (lambda: total_variation.Options(weight=0), "weight is 0; it must be above 0 and at most 10"),
        (lambda: total_variation.Options(iterations=0), "iterations is 0; it must be at least 1"),
        (lambda: wavelet.Options(sigma=256), "sigma is 256; it must be above 0 and at most 255 grey levels"),
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
        ("noise_upscale", {"seed": 3}, "seed"),  # a job's, not a record's
        ("wavelet", {"wavelet": "db3"}, "wavelet"),
        ("denoiser", {"dataset": "public", "attacks": ["lowkey"]}, "features"),
        ("denoiser", {"dataset": "public", "attacks": ["lowkey"], "features": [], "learned": "a"}, "learned"),
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
