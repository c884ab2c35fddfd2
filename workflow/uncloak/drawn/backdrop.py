"""What surrounds the head: the backdrop, the clothes and the neck."""

from math import cos, pi, sin

import numpy as np

from uncloak.drawn.brush import blend, linear, smoothstep, soft
from uncloak.drawn.frame import Frame
from uncloak.drawn.head import Head
from uncloak.drawn.light import Light

_TOP_OF_BODY = 0.35


def _upright(head: Head, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the head plane's points in the photograph's upright axes, from the head's middle."""
    c, s = cos(head.circumstances.roll), sin(head.circumstances.roll)
    return c * x - s * y, s * x + c * y


def paint_backdrop(head: Head, frame: Frame) -> np.ndarray:
    """Return a new canvas, linear float32 [3,S,S], with the backdrop."""
    circumstances = head.circumstances
    first, second, third = (linear(color) for color in circumstances.backdrop_colors)
    p, q, r, w = circumstances.backdrop_phase
    x, y = _upright(head, *frame.plane())
    kind = circumstances.backdrop
    if kind == "wall":
        share = np.clip(0.5 + 0.3 * (cos(2 * pi * p) * x + sin(2 * pi * p) * y), 0.0, 1.0)
        return first + share * ((0.35 * second + 0.65 * first) - first)
    if kind == "foliage":
        a = np.cos((2.0 + 3.0 * p) * x + 6.3 * q + 1.5 * np.cos(2.1 * y + 6.3 * r))
        b = np.cos((2.0 + 3.0 * w) * y + 6.3 * p + 1.5 * np.cos(2.7 * x + 6.3 * w))
        canvas = first + (0.5 + 0.5 * a) * (second - first)
        blend(canvas, np.maximum(a * b, 0.0), third)
        return canvas
    if kind == "panels":
        edge = np.cos((2.5 + 4.0 * p) * (x + 0.2 * cos(6.3 * w) * y) + 6.3 * q)
        canvas = first + smoothstep(-0.12, 0.12, edge - 0.6 * (r - 0.5)) * (second - first)
        canvas *= 0.92 + 0.08 * edge
        return canvas
    if kind == "horizon":
        level = y + 0.9 - 1.5 * p
        upper = first + np.clip(0.25 * (y + 2.0), 0.0, 1.0) * (np.sqrt(first) - first)
        ground = second * (0.9 + 0.1 * np.cos((5.0 + 5.0 * q) * x + 6.3 * r))
        return upper + smoothstep(-0.12, 0.12, level + 0.1 * np.cos((2.0 + 3.0 * w) * x)) * (ground - upper)
    width = 0.45 + 0.5 * p
    u, v = x * (1.0 / width) + q, y * (1.7 / width) + r
    u = u + 0.5 * np.floor(v)
    joint = np.minimum(np.abs(u - np.round(u)), 0.6 * np.abs(v - np.round(v)))
    return second + smoothstep(0.03, 0.07, joint) * (first - second)


def paint_body(head: Head, light: Light, frame: Frame, canvas: np.ndarray) -> None:
    """Paint neck, shoulders and clothes on the `canvas` [3,S,S], in place."""
    window = frame.window(-3.5, 3.5, _TOP_OF_BODY, 6.0)
    if window is None:
        return
    person, circumstances = head.person, head.circumstances
    x, y = _upright(head, *frame.plane(*window))
    part = canvas[:, *window]
    base_x = -0.9 * sin(circumstances.roll) - 0.12 * head.sin_yaw
    side = np.abs(x - base_x)
    side_lit = np.clip(0.75 + 0.35 * circumstances.light[0] * (x - base_x), 0.3, 1.2)
    lit = light.main * (0.55 * side_lit) + 0.75 * light.ambient
    neck_width = 0.70 * person.half_width + 0.10 * np.maximum(y - 0.9, 0.0)
    neck = soft(np.maximum(side - neck_width, 0.3 - y), frame.pixel)
    under_chin = 0.42 + 0.58 * smoothstep(person.half_height - 0.02, person.half_height + 0.45, y)
    blend(part, neck, linear(person.skin_color) * lit * under_chin)
    shoulder = 1.34 + 0.28 * np.square(np.minimum(side, 2.2) - 0.3) + 3.0 * np.maximum(side - 1.75, 0.0)
    opening = np.hypot(side, 1.1 * (y - 1.18)) - 0.62
    color, other = (linear(value) for value in circumstances.clothes_colors)
    cloth = color
    if circumstances.clothes == "stripes":
        cloth = color + (0.5 + 0.5 * np.sign(np.cos(9.0 * y))) * (other - color)
    elif circumstances.clothes == "collar":
        opening = np.maximum(side - 0.62 * np.maximum(2.1 - y, 0.0), 1.2 - y) - 0.02
        cloth = color + soft(np.abs(opening - 0.12) - 0.11, frame.pixel) * (other - color)
    mask = soft(np.maximum(shoulder - y, -opening), frame.pixel)
    folds = 0.9 + 0.1 * np.cos(3.0 * x + 2.0 * y + 6.3 * circumstances.backdrop_phase[0])
    blend(part, mask, cloth * lit * folds)
