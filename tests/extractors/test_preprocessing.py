"""Preprocessing of faces for an extractor, against independent resampling."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from extractor_records import ARCFACE, DLIB, PLAIN, random_faces
from scipy.ndimage import map_coordinates

from uncloak.extractors.extractor import Preprocessing


def test_own_size_and_template_pass_unchanged():
    faces = random_faces(2, 112)
    assert torch.equal(Preprocessing([112, 112], "arcface", **PLAIN)(faces), faces)
    assert torch.equal(Preprocessing([112, 96], "arcface_112x96", **PLAIN)(faces), faces[..., 8:104])
    for side in range(30, 112):
        preprocessing = Preprocessing([side, side], "arcface", **PLAIN)
        assert torch.equal(preprocessing(faces[..., :side, :side]), faces[..., :side, :side])


def test_halving_smooths_with_a_triangle():
    faces = random_faces(1, 224)
    halved = Preprocessing([112, 112], "arcface", **PLAIN)(faces)[0].numpy()
    padded = np.pad(faces[0].numpy().astype(np.float64), ((0, 0), (1, 1), (1, 1)), mode="edge")
    lines = (padded[:, :-3] + 3 * padded[:, 1:-2] + 3 * padded[:, 2:-1] + padded[:, 3:])[:, ::2] / 8
    expected = (lines[..., :-3] + 3 * lines[..., 1:-2] + 3 * lines[..., 2:-1] + lines[..., 3:])[..., ::2] / 8
    np.testing.assert_allclose(halved, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("side", "size", "template"),
    [(64, [112, 112], "arcface"), (112, [150, 150], "dlib"), (80, [112, 96], "arcface_112x96")],
)
def test_enlarging_is_linear_interpolation_with_continued_borders(side, size, template):
    faces = random_faces(1, side)
    found = Preprocessing(size, template, **PLAIN)(faces)[0].numpy()
    scale, shift = 1.0, np.zeros(2)
    if template == "arcface_112x96":
        shift = np.array([-8.0, 0.0])
    if template == "dlib":
        # Scale and shift by ordinary least squares, in the form of a linear system.
        system = np.zeros((10, 3))
        system[:, 0] = ARCFACE.ravel()
        system[0::2, 1] = system[1::2, 2] = 1
        scale, *shift = np.linalg.lstsq(system, DLIB.ravel(), rcond=None)[0]
    rows = ((np.arange(size[0]) - shift[1]) / scale + 0.5) * side / 112 - 0.5
    columns = ((np.arange(size[1]) - shift[0]) / scale + 0.5) * side / 112 - 0.5
    grid = np.meshgrid(rows, columns, indexing="ij")
    expected = [
        map_coordinates(channel.astype(np.float64), grid, order=1, mode="nearest") for channel in faces[0].numpy()
    ]
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_shrinking_is_the_usual_smoothed_resizing():
    """Away from the borders, where libraries differ."""
    faces = random_faces(1, 112)
    found = Preprocessing([48, 48], "arcface", **PLAIN)(faces)
    expected = F.interpolate(faces, (48, 48), mode="bilinear", antialias=True)
    torch.testing.assert_close(found[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], rtol=0, atol=1e-5)


def test_normalization_follows_the_order_of_the_channels():
    faces = random_faces(2, 32)
    mean, std = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0]
    found = Preprocessing([32, 32], "arcface", mean=mean, std=std, color="bgr")(faces).numpy()
    expected = (faces.numpy()[:, ::-1] - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_gradient_may_follow_a_pass_in_inference_mode_and_precision_is_kept_under_autocast():
    preprocessing = Preprocessing([150, 150], "dlib", **PLAIN)
    faces = random_faces(1, 112)
    with torch.inference_mode():
        first = preprocessing(faces).numpy()
    faces.requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        second = preprocessing(faces)
    second.sum().backward()
    assert np.array_equal(first, second.detach().numpy())
    # Every output pixel is a mean of input pixels, so the gradients sum to the number of output pixels.
    assert faces.grad.sum().item() == pytest.approx(3 * 150 * 150, rel=1e-4)


@pytest.mark.parametrize("side", [112, 100])
def test_it_may_be_compiled_before_its_first_call(side):
    # An extractor that was just loaded is compiled before it has met a picture.
    faces = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)).requires_grad_()
    plain = Preprocessing([112, 112], "arcface", **PLAIN)
    compiled = torch.compile(Preprocessing([112, 112], "arcface", **PLAIN), backend="eager", dynamic=False)
    with torch.no_grad():
        torch.testing.assert_close(compiled(faces), plain(faces), atol=0, rtol=0)
    gradients = [torch.autograd.grad(one(faces).square().sum(), faces)[0] for one in (compiled, plain)]
    torch.testing.assert_close(*gradients, atol=0, rtol=0)
