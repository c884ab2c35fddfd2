"""Random changes to training faces, made on 8-bit batches in NumPy from the training's own random stream."""

import numpy as np


def augment(
    faces: np.ndarray, random: np.random.Generator, shift: int, color: float, erase: float, noise: float
) -> np.ndarray:
    """Return changed copies of `faces`, uint8 [N,S,S,3] -> float32 [N,S,S,3] in [0,1].

    Several pictures of one place, one behind the other in uint8 [N,S,S,6], say, are flipped, moved and colored alike.

    Each face is flipped with probability 1/2, moved by up to `shift` pixels (edges repeated), its channels multiplied
    by 1 + up to `color` either way; with probability `erase` a rectangle is filled with one color; Gaussian noise of a
    standard deviation drawn from 0 to `noise` is added.
    """
    count, size = faces.shape[:2]
    flips = random.random(count) < 0.5
    offsets = random.integers(0, 2 * shift + 1, (count, 2))
    padded = np.pad(faces, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="edge")
    moved = np.empty_like(faces)
    for face, source, flip, (top, left) in zip(moved, padded, flips, offsets, strict=True):
        window = source[top : top + size, left : left + size]
        face[...] = window[:, ::-1] if flip else window
    gains = random.uniform(1 - color, 1 + color, (count, 1, 1, 3)).astype(np.float32)
    changed = moved * np.tile(gains / 255, faces.shape[-1] // 3)
    for face in changed[random.random(count) < erase]:
        height, width = random.integers(size // 8, size // 2, 2)
        top, left = random.integers(0, size - height), random.integers(0, size - width)
        face[top : top + height, left : left + width] = random.random(faces.shape[-1], dtype=np.float32)
    if noise:
        deviations = random.uniform(0, noise, (count, 1, 1, 1)).astype(np.float32)
        changed += deviations * random.standard_normal(changed.shape, dtype=np.float32)
    return np.clip(changed, 0, 1, out=changed)
