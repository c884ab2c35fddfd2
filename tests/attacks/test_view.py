"""The differentiable warp of photographs against scikit-image, the original's formula and recognition's alignment."""

import numpy as np
import pytest
import torch
from reference_computations import plain_original_warp
from skimage.measure import block_reduce
from skimage.transform import SimilarityTransform, warp

from uncloak.attacks.view import alignment_view
from uncloak.errors import InputError
from uncloak.pictures import alignment
from uncloak.pictures.landmarks import template


def landmarks(scale: float, angle: float, shift: tuple[float, float], seed: int = 0) -> np.ndarray:
    """Five points in a photograph: the template scaled, turned, shifted and a little disturbed."""
    turn = SimilarityTransform(scale=scale, rotation=angle, translation=shift)
    return turn(template(32)) + np.random.default_rng(seed).normal(0, 0.5, (5, 2))


def photographs(count: int, height: int, width: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0)).to(dtype)


def through_scikit_image(photograph: np.ndarray, points: np.ndarray, block: int) -> np.ndarray:
    """The crop [32,32,3] of a photograph [H,W,3], by scikit-image's own fit, block means and bilinear warp."""
    fit = SimilarityTransform.from_estimate(points, template(32))
    # The blocks' centers are whole numbers after this.
    blocks = SimilarityTransform(scale=block, translation=(block - 1) / 2)
    averaged = block_reduce(photograph, (block, block, 1), np.mean)
    return warp(averaged, (blocks + fit).inverse, output_shape=(32, 32), order=1, mode="constant", cval=0)


@pytest.mark.parametrize(
    ("scale", "angle", "shift", "block"),
    [
        (1.0, 0.0, (3, 5), 1),
        (0.4, 0.3, (20, 8), 1),
        (1.7, -0.8, (8, 50), 1),
        (1.6, 2.5, (70, 60), 1),
        (2.6, 0.2, (2, -9), 2),
        (3.6, -0.1, (-20, 11), 3),
    ],
)
def test_exact_view_agrees_with_scikit_image(scale, angle, shift, block):
    pictures, points = photographs(1, 102, 132), landmarks(scale, angle, shift)
    matrix = alignment.similarity(points, template(32))
    faces = alignment_view(matrix[None], 102, 132, 32)(pictures)
    expected = through_scikit_image(pictures[0].permute(1, 2, 0).numpy(), points, block)
    assert expected.std() > 0.1
    np.testing.assert_allclose(faces[0].permute(1, 2, 0).numpy(), expected, atol=1e-12)
    rounded = alignment_view(matrix[None], 102, 132, 32)(pictures.float())
    assert rounded.dtype == torch.float32
    np.testing.assert_allclose(rounded.numpy(), faces.numpy(), atol=2e-5)


@pytest.mark.parametrize("scale", [0.7, 1.9, 2.3, 5.2, 11.0])
def test_exact_view_is_what_recognition_will_see(scale):
    # Odd sides leave part of a block at the edge, and the face lies partly outside.
    height, width = 431, 357
    pixels = (255 * photographs(1, height, width)).round()
    matrix = alignment.similarity(landmarks(scale, 0.2, (width - 20 * scale, height - 22 * scale)), template(32))
    faces = 255 * alignment_view(matrix[None], height, width, 32)(pixels / 255)[0].permute(1, 2, 0).numpy()
    seen = alignment.warp(pixels[0].permute(1, 2, 0).byte().numpy(), matrix, 32)
    assert (seen == 0).all(axis=2).any()
    # Recognition rounds to whole grey levels; where it averages over blocks, Pillow has rounded before, by up to 0.6.
    assert np.abs(seen - faces).max() <= (0.5 if scale < 2 else 1.1) + 1e-6


@pytest.mark.parametrize(("height", "width"), [(40, 40), (33, 90), (120, 64)])
def test_original_view_agrees_with_the_published_formula(height, width):
    pictures = photographs(3, height, width)
    points = [landmarks(0.9, 0.1, (2, 3)), landmarks(1.4, -0.6, (0, 20)), landmarks(3.0, 0.3, (-5, -9))]
    matrices = np.stack([alignment.similarity(each, template(32)) for each in points])
    faces = alignment_view(matrices, height, width, 32, "original")(pictures)
    expected = [plain_original_warp(*pair, 32) for pair in zip(pictures, matrices, strict=True)]
    torch.testing.assert_close(faces, torch.stack(expected), atol=1e-12, rtol=0)
    assert (faces - alignment_view(matrices, height, width, 32)(pictures)).abs().mean() > 0.01


def test_original_view_is_the_exact_one_shifted():
    # A quarter turn: crop pixel (x, y) lies at (60 - 2 y, 2 x) in the photograph, minus (1.5, -0.5).
    matrix = np.linalg.inv([[0, -2, 60], [2, 0, 0], [0, 0, 1]])[:2]
    ramps = torch.stack(torch.meshgrid(torch.arange(64.0), torch.arange(80.0), indexing="ij"))[[1, 0, 0]][None]
    faces = alignment_view(matrix[None], 64, 80, 32, "original")(ramps)
    assert faces[0, 0, 10, 4].item() == pytest.approx(60 - 2 * 10 - 1.5, abs=1e-4)
    assert faces[0, 1, 10, 4].item() == pytest.approx(2 * 4 + 0.5, abs=1e-4)


@pytest.mark.parametrize("reading", ["exact", "original"])
def test_view_passes_its_gradient_on(reading):
    pictures = photographs(2, 21, 17).requires_grad_()
    matrices = np.array([[[0.9, -0.1, 1.3], [0.1, 0.9, -2.0]], [[0.37, 0.02, 1.0], [-0.02, 0.37, 0.5]]])
    assert torch.autograd.gradcheck(alignment_view(matrices, 21, 17, 6, reading), pictures)


@pytest.mark.parametrize("reading", ["exact", "original"])
def test_bits_depend_on_nothing_but_the_photograph(reading):
    pictures = photographs(5, 90, 70, torch.float32)
    points = [landmarks(0.8 + 0.5 * k, 0.1 * k, (3, 2 * k), seed=k) for k in range(5)]
    matrices = np.stack([alignment.similarity(each, template(32)) for each in points])

    def both(rows):
        chosen = pictures[rows].requires_grad_()
        faces = alignment_view(matrices[rows], 90, 70, 32, reading)(chosen)
        return faces.detach(), torch.autograd.grad(faces.square().sum(), chosen)[0]

    whole = both([0, 1, 2, 3, 4])
    for rows in ([4, 2, 0, 1, 3], [3], [2, 2, 1]):
        assert all(torch.equal(part, of_all[rows]) for part, of_all in zip(both(rows), whole, strict=True))


def test_wrong_warps_are_told():
    matrices = np.tile(np.eye(2, 3), (2, 1, 1))
    with pytest.raises(InputError, match=r"at least 32x32 pixels, got 31x90.*'exact'"):
        alignment_view(matrices, 31, 90, 32, "original")
    alignment_view(matrices, 31, 90, 32)
    with pytest.raises(InputError, match="reading of the warp is 'precise'; choose from exact, original"):
        alignment_view(matrices, 64, 64, 32, "precise")
    for broken in (0, np.nan):
        matrices[1] = broken
        with pytest.raises(InputError, match=r"matrix 2 of 2 cannot be inverted.*landmarks"):
            alignment_view(matrices, 64, 64, 32)
    with pytest.raises(ValueError, match="must be 64x64"):
        alignment_view(matrices[:1], 64, 64, 32)(torch.zeros(1, 3, 64, 65))
