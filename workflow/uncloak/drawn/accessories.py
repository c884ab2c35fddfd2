"""Glasses, hats, and things that come between the face and the camera."""

from math import cos, sin

import numpy as np

from uncloak.drawn import hair
from uncloak.drawn.brush import blend, box, linear, soft
from uncloak.drawn.frame import Frame
from uncloak.drawn.head import Head, Surface
from uncloak.drawn.identity import Person
from uncloak.drawn.light import Light
from uncloak.drawn.nuisance import Circumstances

# Exponent of the lens outline, and its width and height relative to the person's lenses.
_LENSES = {"round": (2.0, 0.86, 1.12), "square": (5.0, 0.95, 0.95), "wide": (2.8, 1.10, 0.92)}
_KNIT = 46.0


def worn_glasses(person: Person, circumstances: Circumstances) -> str:
    """Return the glasses worn in this picture: the person's own, or borrowed ones."""
    return person.glasses if person.glasses != "none" else circumstances.other_glasses


def paint_glasses(head: Head, surface: Surface, light: Light, plane, frame: Frame, canvas: np.ndarray) -> None:
    """Paint the glasses on the head's window of the canvas, in place (see hair.paint_over)."""
    kind = worn_glasses(head.person, head.circumstances)
    if kind == "none":
        return
    person = head.person
    exponent, wide, high = _LENSES[kind]
    width, height, rim = person.lens_width * wide, person.lens_height * high, person.rim
    front_x, front_y = head.project(0.0, person.eye_y + 0.02, 0.10)
    window = box(*plane, front_x - 0.85, front_x + 0.85, front_y - 0.32, front_y + 0.36)
    if window is None:
        return
    x, y = plane[0][window], plane[1][window]
    x = (x - front_x) * (1.0 / head.cos_yaw)
    y = (y - front_y) * (1.0 / head.cos_pitch)
    side = np.abs(x)
    middle = person.eye_x + 0.02
    u, v = np.abs(side - middle) * (1.0 / width), np.abs(y) * (1.0 / height)
    radius = (u**exponent + v**exponent + 1e-6) ** (1.0 / exponent)
    distance = (radius - 1.0) * min(width, height)
    frame_edge = np.abs(distance) - rim
    bridge = np.maximum(np.abs(y + 0.35 * height) - 0.8 * rim, side - (middle - 0.9 * width))
    temple = np.maximum(np.abs(y + 0.30 * height) - rim, (middle + 0.95 * width) - side)
    temple = np.maximum(temple, surface.outside[window])
    glare = np.exp(-np.square((x + 0.8 * y - 0.5 * light.direction[0]) * 9.0))
    lens = soft(distance, frame.pixel)
    part = canvas[:, *window]
    part *= 1.0 - 0.10 * lens
    part += (0.06 * glare) * lens
    edge = np.minimum(np.minimum(frame_edge, bridge), temple)
    blend(part, soft(edge, frame.pixel), linear(person.glasses_color) * (light.ambient + 0.6))


def paint_hat(head: Head, surface: Surface, light: Light, plane, frame: Frame, canvas: np.ndarray) -> None:
    """Paint a cap or a beanie on the head's window of the canvas, in place (see hair.paint_over)."""
    circumstances = head.circumstances
    if circumstances.hat == "none":
        return
    x, y = plane
    dome = np.minimum(hair.outline(head, x, y), surface.outside) - 0.05
    line = -0.47 + 0.25 * np.square(surface.x)
    below = surface.y - line
    color = linear(circumstances.hat_color)
    lit = light.on_matte(surface.smooth_normal)
    if circumstances.hat == "beanie":
        tone = 0.85 + 0.12 * np.cos(_KNIT * x) * np.cos(0.8 * _KNIT * y) + 0.12 * (below > -0.16)
        blend(canvas, soft(np.maximum(dome, below), frame.pixel), color * (tone * lit))
        return
    blend(canvas, soft(np.maximum(dome, below), frame.pixel), color * (0.85 * lit))
    brim = np.maximum(np.abs(below - 0.01) - 0.055, np.abs(surface.x) - 0.56)
    blend(canvas, soft(brim, frame.pixel), color * (0.5 * lit))


def paint_occluder(head: Head, light: Light, frame: Frame, canvas: np.ndarray) -> None:
    """Paint what comes between the face and the camera on the `canvas` [3,S,S], in place."""
    circumstances = head.circumstances
    if circumstances.occluder == "none":
        return
    across, down, turn, size = circumstances.occluder_place
    window = frame.window(across - 0.8, across + 0.8, down - 0.8, down + 0.8)
    if window is None:
        return
    x, y = frame.plane(*window)
    c, s = cos(turn), sin(turn)
    u, v = c * (x - across) + s * (y - down), c * (y - down) - s * (x - across)
    tone = 0.9
    if circumstances.occluder == "hand":
        fingers = np.abs(np.abs(u) - 0.5 * size) - 0.23 * size
        shape = np.minimum(np.maximum(fingers, np.abs(v + 0.25) - 0.3), np.hypot(u, v - 0.15) - 0.55 * size)
        shape = np.minimum(shape, np.maximum(np.abs(u) - 0.23 * size, np.abs(v + 0.3) - 0.32))
        color = linear(head.person.skin_color)
    elif circumstances.occluder == "phone":
        shape = np.maximum(np.abs(u) - 0.8 * size, np.abs(v) - 1.35 * size)
        tone = 0.5 + 0.4 * (np.maximum(np.abs(u) - 0.7 * size, np.abs(v) - 1.25 * size) < 0)
        color = linear(circumstances.occluder_color)
    else:
        shape = np.maximum(np.abs(u) - 0.35 * size, np.abs(v) - 0.75)
        color = linear(circumstances.occluder_color)
    lit = light.main * 0.6 + 0.8 * light.ambient
    blend(canvas[:, *window], soft(shape, 1.5 * frame.pixel), color * lit * tone)
