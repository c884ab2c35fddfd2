"""Measures of change against scikit-image and NumPy."""

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from uncloak.errors import InputError
from uncloak.visibility.photographs import measure_files
from uncloak.visibility.pictures import MEASURES, dssim, linf, measure

SHAPES = [(64, 64), (112, 112), (11, 30), (75, 40)]


def pair(shape: tuple[int, int], noise: float = 25, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    clean = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
    return clean, np.clip(clean + random.normal(0, noise, clean.shape), 0, 255).astype(np.uint8)


def reference(clean: np.ndarray, perturbed: np.ndarray) -> dict[str, float]:
    """The measures of one pair, by scikit-image and numpy.linalg."""
    # Truncation at 3.5 sigma makes scikit-image's window 11x11; 5 pixels are cut off to keep valid positions.
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    x, y = clean.astype(float), perturbed.astype(float)
    ssim = structural_similarity(x, y, channel_axis=2, full=True, **options)[1][5:-5, 5:-5].mean()
    return {
        "dssim": (1 - ssim) / 2,
        "ssim": ssim,
        "l2": np.linalg.norm((x / 255 - y / 255).ravel()),
        "linf": np.linalg.norm((x - y).ravel(), np.inf),
        "psnr": peak_signal_noise_ratio(clean, perturbed, data_range=255),
    }


def test_measures_agree_with_scikit_image_at_any_size():
    pairs = [pair(shape, noise, seed) for seed, shape in enumerate(SHAPES) for noise in (2, 25)]
    found = measure([x for x, _ in pairs], [y for _, y in pairs])
    assert tuple(found) == MEASURES
    for name, values in found.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, [reference(x, y)[name] for x, y in pairs], rtol=1e-12, atol=1e-12)
    assert found["dssim"].max() > 0.01


def test_one_array_is_the_sequence_of_its_pictures():
    pairs = [pair((40, 32), noise, seed) for seed, noise in enumerate((1, 10, 40))]
    clean, perturbed = (np.stack(side) for side in zip(*pairs, strict=True))
    together = measure(clean, perturbed)
    for name in MEASURES:
        alone = [measure(x[None], y[None])[name][0] for x, y in pairs]
        np.testing.assert_array_equal(together[name], alone)
        backwards = measure(clean[::-1], perturbed[::-1])[name]
        np.testing.assert_array_equal(backwards[::-1], together[name])
    np.testing.assert_array_equal(dssim(clean, perturbed), together["dssim"])
    np.testing.assert_array_equal(linf(clean, perturbed), together["linf"])
    assert all(len(values) == 0 for values in measure(clean[:0], perturbed[:0]).values())


def test_change_in_grey_levels_does_not_wrap_around():
    clean = np.zeros((2, 12, 12, 3), np.uint8)
    other = clean.copy()
    other[0, 0, 0, 0], other[1] = 255, 3
    for found in (measure(clean, other), measure(other, clean)):
        assert found["linf"].tolist() == [255, 3]
        np.testing.assert_allclose(found["l2"], [1, 3 / 255 * np.sqrt(12 * 12 * 3)], rtol=1e-15)
        np.testing.assert_allclose(found["psnr"], [10 * np.log10(12 * 12 * 3), 20 * np.log10(85)], rtol=1e-15)


@pytest.mark.filterwarnings("error")
def test_equal_pictures_are_exactly_equal():
    # One window each, so that no mean hides its rounding.
    clean = np.random.default_rng(0).integers(0, 256, (30, 11, 11, 3), dtype=np.uint8)
    found = {name: set(values) for name, values in measure(clean, clean.copy()).items()}
    assert found == {"dssim": {0}, "ssim": {1}, "l2": {0}, "linf": {0}, "psnr": {np.inf}}


def test_pictures_that_cannot_be_compared_are_told():
    clean = np.zeros((2, 12, 12, 3), np.uint8)
    small = np.zeros((1, 10, 64, 3), np.uint8)

    def refused(function, one, other, message):
        with pytest.raises(InputError, match=message) as caught:
            function(one, other)
        assert "\n" not in str(caught.value)

    for function in (measure, dssim, linf):
        refused(function, clean, clean.astype(np.float32), r"pair 0 .* got uint8 \[12, 12, 3\] and float32")
        refused(function, [*clean], [clean[0], clean[1][:, :11]], r"pair 1 .* \[12, 12, 3\] and uint8 \[12, 11, 3\]")
        refused(function, clean, clean[:1], "2 clean and 1 perturbed pictures")
        refused(function, clean[..., 0], clean[..., 0], r"uint8 of one shape \[H,W,3\]")
        refused(function, clean[:, :0], clean[:, :0], r"got uint8 \[0, 12, 3\]")
    for function in (measure, dssim):
        refused(function, small, small, "at least 11x11 pixels, got 10x64")
    assert linf(small, small).tolist() == [0]


def test_photographs_are_measured_file_by_file(tmp_path):
    pairs = [pair(shape) for shape in ((40, 32), (20, 30))]
    files = []
    for number, both in enumerate(pairs):
        files.append([tmp_path / f"{number}{kind}.png" for kind in ("clean", "other")])
        for path, picture in zip(files[-1], both, strict=True):
            Image.fromarray(picture).save(path)
    expected = measure([clean for clean, _ in pairs], [other for _, other in pairs])
    for workers in (1, 2):
        table = measure_files(files, workers)
        assert tuple(table) == MEASURES
        for name in MEASURES:
            np.testing.assert_array_equal(table[name], expected[name])
