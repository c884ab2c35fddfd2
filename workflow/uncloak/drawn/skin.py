"""The skin's color: tone, blush, folds, and the marks of a person (freckles, moles, blotches)."""

from functools import lru_cache

import numpy as np

from uncloak.drawn.brush import hill, linear, smoothstep
from uncloak.drawn.identity import Person
from uncloak.drawn.nuisance import Circumstances
from uncloak.seeds import generator

# The map of marks covers the face's object coordinates at this many points per head unit.
_LEFT, _TOP, _POINTS = -0.85, -1.15, 72
_WIDTH, _HEIGHT = int(1.7 * _POINTS), int(2.4 * _POINTS)
_BLOTCH_COLOR = np.array([0.06, 0.11, 0.12], np.float32)
_FRECKLE_COLOR = np.array([0.20, 0.36, 0.45], np.float32)
_MOLE_COLOR = np.array([0.55, 0.72, 0.80], np.float32)


@lru_cache(maxsize=64)
def _marks(skin_seed: int, freckles: float, moles: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """Return the factor [3, points] by which a person's marks darken the skin, rows of the map one after another."""
    rng = generator(skin_seed, "marks")
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32) / _POINTS
    x, y = x + _LEFT, y + _TOP
    blotch = np.zeros_like(x)
    for frequency in (3.0, 5.0, 9.0, 14.0):
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi, 2)
        along, across = float(np.cos(angle)), float(np.sin(angle))
        blotch += np.cos(frequency * (along * x + across * y) + float(phase[0])) * np.cos(
            frequency * (along * y - across * x) + float(phase[1])
        )
    darkness = _BLOTCH_COLOR[:, None, None] * (0.5 * blotch)
    spots = [(mole, _MOLE_COLOR, 1.0) for mole in moles]
    for _ in range(int(90 * freckles)):
        side, down = rng.normal(0.0, 0.30), rng.normal(0.16, 0.14)
        spots.append(((side, down, rng.uniform(0.012, 0.024)), _FRECKLE_COLOR, float(rng.uniform(0.4, 1.0))))
    for (left, top, radius), color, strength in spots:
        row, column = int((top - _TOP) * _POINTS), int((left - _LEFT) * _POINTS)
        reach = int(radius * _POINTS) + 2
        rows, columns = slice(max(row - reach, 0), row + reach + 1), slice(max(column - reach, 0), column + reach + 1)
        distance = np.hypot(x[rows, columns] - left, y[rows, columns] - top)
        mask = strength * np.clip((radius - distance) * _POINTS + 0.5, 0.0, 1.0)
        darkness[:, rows, columns] = np.maximum(darkness[:, rows, columns], mask * color[:, None, None])
    return np.ascontiguousarray((1.0 - darkness).reshape(3, -1).astype(np.float32))


def _sampled(marks: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the map [3,H,W] at the object coordinates x, y (bilinear)."""
    column = np.clip((x - _LEFT) * _POINTS, 0.0, _WIDTH - 1.001)
    row = np.clip((y - _TOP) * _POINTS, 0.0, _HEIGHT - 1.001)
    left, top = column.astype(np.int32), row.astype(np.int32)
    right_share, bottom_share = column - left, row - top
    index = top * _WIDTH + left
    upper = marks.take(index, axis=1)
    upper += (marks.take(index + 1, axis=1) - upper) * right_share
    index += _WIDTH
    lower = marks.take(index, axis=1)
    lower += (marks.take(index + 1, axis=1) - lower) * right_share
    lower -= upper
    lower *= bottom_share
    return upper + lower


def paint(person: Person, circumstances: Circumstances, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the bare skin's albedo, linear float32 [3,H,W], at the object coordinates x, y."""
    smile, side = circumstances.smile, np.abs(x)
    albedo = linear(person.skin_color) * _sampled(_marks(person.skin_seed, person.freckles, person.moles), x, y)
    flush = (0.35 + person.blush + 0.15 * max(smile, 0.0)) * hill(side, y, (0.42, 0.24), 0.19, 0.16)
    flush += (0.25 + 0.6 * person.blush) * hill(x, y, (0.0, person.nose_y - 0.02), 0.14, 0.11)
    albedo[1] *= 1.0 - 0.30 * flush
    albedo[2] *= 1.0 - 0.26 * flush
    shade = 0.28 * hill(side, y, (person.eye_x * 0.80, person.eye_y - 0.045), 0.17, 0.075)
    shade += person.eye_bag * hill(side, y, (person.eye_x * 0.97, person.eye_y + 0.10), 0.13, 0.04)
    shade += 0.26 * hill(x, y, (0.0, person.nose_y + 0.105), 0.9 * person.nose_width, 0.04)
    shade += 0.22 * hill(side, y, (person.nose_width + 0.035, person.nose_y + 0.02), 0.035, 0.07)
    shade += 0.14 * hill(x, y, (0.0, person.mouth_y + 0.145), 0.15, 0.04)
    shade += 0.22 * smoothstep(0.93, 1.12, y)
    fold = person.fold + 0.35 * max(smile, 0.0) ** 1.5
    along = np.clip((y - person.nose_y) * (1.0 / (person.mouth_y - person.nose_y)), -0.1, 1.1)
    crease = (side - (person.nose_width + 0.05) - (person.mouth_width - person.nose_width + 0.05) * along) * (1 / 0.03)
    shade += fold * np.exp(-crease * crease) * np.maximum(along * (1.15 - along) * 3.0, 0.0)
    if person.wrinkles > 0.0:
        lift = 0.03 * circumstances.brow_raise
        lines = np.cos((y + lift + 0.05 * x * x) * 62.0) * hill(x, y, (0.0, person.eye_y - 0.38), 0.38, 0.12)
        shade += person.wrinkles * 0.5 * np.maximum(lines, 0.0)
    albedo *= 1.0 - np.minimum(shade, 0.8)
    return albedo
