"""Pictures, small networks and plain float64 references that several test files share."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.functional import affine_grid, conv2d, grid_sample

SIZE = 24


def smooth_faces(count: int, size: int = SIZE, seed: int = 0) -> np.ndarray:
    """Random pictures uint8 [N,S,S,3] with large and small structure, some values at 0 and 255."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(-60, 315, (count, size // 4, size // 4, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(coarse + random.normal(0, 12, coarse.shape), 0, 255).astype(np.uint8)


def floats(faces: np.ndarray, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """uint8 [N,H,W,3] -> [N,3,H,W] in [0,1]."""
    return torch.from_numpy(faces).permute(0, 3, 1, 2).to(dtype) / 255


def small_network(seed: int, gain: float = 3.0, dimensions: int = 16) -> nn.Module:
    """A frozen tanh network, float32, on pictures of any size."""
    random = torch.Generator().manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2), nn.Tanh(), nn.Conv2d(8, 8, 3, stride=2), nn.Tanh(), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(32, dimensions),
    )  # fmt: skip
    with torch.no_grad():
        for parameter in network.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.copy_(torch.randn(parameter.shape, generator=random) * gain / math.sqrt(fan_in))
    return network.eval().requires_grad_(False)


def random_projection(seed: int, dimensions: int = 16, size: int = SIZE) -> Callable[[torch.Tensor], torch.Tensor]:
    """A linear embedding that small changes of the picture turn as far as one likes, float32."""
    random = torch.Generator().manual_seed(seed)
    matrix = torch.randn(3 * size * size, dimensions, generator=random)
    return lambda faces: (faces - 0.5).flatten(1) @ matrix


def plain_ssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """SSIM of one picture [3,H,W] in [0,255], from the definition (attacks.md 2.4)."""
    offsets = torch.arange(-5.0, 6.0, dtype=torch.float64)
    exponent = -(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2)
    window = (torch.exp(exponent) / torch.exp(exponent).sum())[None, None]

    def mean(plane):
        return conv2d(plane[:, None], window)[:, 0]

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mean(x) * mean(y) + c1) / (mean(x) ** 2 + mean(y) ** 2 + c1)
    variance_x, variance_y = mean(x * x) - mean(x) ** 2, mean(y * y) - mean(y) ** 2
    structure = (2 * (mean(x * y) - mean(x) * mean(y)) + c2) / (variance_x + variance_y + c2)
    return (luminance * structure).mean(dim=(1, 2)).mean()


def plain_adadelta(state: dict, gradient: torch.Tensor, eps: float, rho: float = 0.95) -> torch.Tensor:
    """The update before its learning rate (attacks.md 2.5); `state` starts as {} and is changed."""
    state["a"] = rho * state.get("a", 0) + (1 - rho) * gradient**2
    b = state.get("b", torch.zeros_like(gradient))
    update = gradient * torch.sqrt(b + eps) / torch.sqrt(state["a"] + eps)
    state["b"] = rho * b + (1 - rho) * update**2
    return update


def plain_decode(encoded: torch.Tensor) -> torch.Tensor:
    """Tanh space -> grey levels 0..255 (attacks.md 2.3)."""
    return 255 * (torch.tanh(encoded) / (2 - 1e-6) + 0.5)


def plain_encode(grey: torch.Tensor) -> torch.Tensor:
    """Grey levels 0..255 -> tanh space."""
    return torch.arctanh((grey / 255 - 0.5) * (2 - 1e-6))


def plain_original_fit(landmarks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The 2x3 matrix photograph -> crop as LowKey's port of Matlab's cp2tform finds it (attacks.md 4.6, step 3)."""

    def crop_to_photograph(crop):
        x, y, one, zero = crop[:, 0], crop[:, 1], np.ones(len(crop)), np.zeros(len(crop))
        # u = a x + b y + c, v = a y - b x + d
        equations = np.vstack([np.column_stack([x, y, one, zero]), np.column_stack([y, -x, zero, one])])
        a, b, c, d = np.linalg.lstsq(equations, landmarks.T.ravel(), rcond=None)[0]
        return np.array([[a, b, c], [-b, a, d], [0, 0, 1]])

    mirror = np.diag([-1.0, 1.0, 1.0])
    plain = np.linalg.inv(crop_to_photograph(places))
    reflected = mirror @ np.linalg.inv(crop_to_photograph(places * (-1, 1)))
    found = np.column_stack([landmarks, np.ones(len(landmarks))])
    return min((plain, reflected), key=lambda matrix: np.linalg.norm((found @ matrix.T)[:, :2] - places))[:2]


def plain_original_warp(photograph: torch.Tensor, matrix: np.ndarray, size: int) -> torch.Tensor:
    """The crop [3,size,size] of one photograph [3,H,W] as LowKey's code cuts it, step by step (attacks.md 4.6)."""
    height, width = photograph.shape[-2:]
    m = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    a00, a01 = m[0, 0], m[0, 1] * height / width
    a10, a11 = m[1, 0] * width / height, m[1, 1]
    a02 = 2 * m[0, 2] / width + a00 + a01 - 1
    a12 = 2 * m[1, 2] / height + a10 + a11 - 1
    theta = torch.tensor([[[a00, a01, a02], [a10, a11, a12]]], dtype=photograph.dtype)
    grid = affine_grid(theta, [1, 3, height, width], align_corners=False)
    return grid_sample(photograph[None], grid, align_corners=False)[0, :, :size, :size]


def poisoned(
    network: Callable[[torch.Tensor], torch.Tensor], spoil: Callable[[torch.Tensor], None]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The network with the gradient of its input changed in place by `spoil`, as a broken surrogate's would be."""

    class Poisoned(torch.autograd.Function):
        @staticmethod
        def forward(ctx, faces):
            return faces.clone()

        @staticmethod
        def backward(ctx, gradient):
            gradient = gradient.clone()
            spoil(gradient)
            return gradient

    return lambda faces: network(Poisoned.apply(faces))
