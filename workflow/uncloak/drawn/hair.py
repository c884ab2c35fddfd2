"""Hair: the part behind the head, and the part over it with its hairline, parting and fringe."""

from math import cos, sin

import numpy as np

from uncloak.drawn.brush import blend, linear, smoothstep, soft
from uncloak.drawn.frame import Frame
from uncloak.drawn.head import Head, Surface
from uncloak.drawn.light import Light

# How far behind the head's middle the mass of the hair hangs, in depths.
_BEHIND = 0.30
# Styles whose hair hangs beside the face, and those that show the scalp.
_HANGING = ("medium", "long")
_SCALP = ("bald", "shaved")


def _texture(head: Head, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the strands' brightness, about 1, at the points x, y of the head plane."""
    person, phase = head.person, head.circumstances.hair_phase
    fan = 1.0 + 0.55 * np.clip(y + 0.9, 0.0, 1.0)
    across = (x - 0.3 * person.parting) * (1.25 / fan)
    bend = (0.10 + 0.22 * person.wave) * np.cos((3.0 + 6.0 * person.wave) * y + phase)
    k = person.strand * (across + bend * 0.35)
    return 1.0 + person.strand_contrast * (np.cos(k) + 0.6 * np.cos(2.3 * k + 2.0 * y + phase))


def outline(head: Head, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the signed distance from points of the head plane to the outline of all the hair, open downward."""
    person = head.person
    volume = person.hair_volume
    width, height = head.half_width + 0.8 * volume, head.half_height + volume
    center = -0.12 * head.sin_yaw
    flare = 1.0 + 0.10 * np.clip(y, 0.0, 1.5) * person.wave
    ripple = 0.02 * person.wave * np.cos(11.0 * y + head.circumstances.hair_phase) if person.wave > 0.15 else 0.0
    u = (x - center) / (width * flare)
    v = np.minimum(y + 0.04 + 0.10 * head.sin_pitch, 0.0) * (1.0 / height)
    if person.style not in _HANGING:
        # short hair clings to the temples
        ripple = 0.20 * smoothstep(-0.50, 0.20, y)
    # a rounder, broader dome than the ellipse
    u, v = u * u, v * v
    return (np.sqrt(np.sqrt(u * u + v * v + 0.8 * u * v)) - 1.0 + ripple) * (0.5 * (width + height))


def paint_behind(head: Head, light: Light, frame: Frame, canvas: np.ndarray) -> None:
    """Paint the hair behind head and neck on the `canvas` [3,S,S], in place."""
    person = head.person
    if person.style not in _HANGING:
        return
    reach = head.half_width + person.hair_volume + 0.35
    window = frame.window(-reach, reach, -head.half_height - 0.3, person.hair_length + 0.15)
    if window is None:
        return
    x, y = frame.plane(*window)
    shift = -_BEHIND * head.depth * head.sin_yaw
    ragged = 0.03 * np.cos(17.0 * x + head.circumstances.hair_phase) + 0.02 * np.cos(41.0 * x)
    mask = soft(np.maximum(outline(head, x - shift, y), y - person.hair_length + ragged), 1.5 * frame.pixel)
    tone = 0.62 * _texture(head, x, y) * (light.ambient * 0.8 + 0.45)
    blend(canvas[:, *window], mask, linear(person.hair_color) * tone)


def _hairline(head: Head, x: np.ndarray) -> np.ndarray:
    """Return the y of the hair's lower edge at the object coordinate x."""
    person = head.person
    share = np.abs(x) * (1.0 / head.half_width)
    if person.style == "bald":
        top, start = -0.62, 0.80
    else:
        top, start = person.hairline, 0.72
    line = top - person.recession * np.exp(-np.square((share - 0.48) * (1 / 0.17)))
    line += person.widows_peak * np.exp(-np.square(x * (1 / 0.13)))
    if person.fringe > 0.0:
        phase = head.circumstances.hair_phase
        comb = 0.022 * np.cos(27.0 * x + phase) + 0.014 * np.cos(61.0 * x - phase)
        low = top + person.fringe * (person.eye_y - 0.17 - top)
        line = np.maximum(
            line, np.minimum(low + person.fringe_slope * (x - person.parting), person.eye_y - 0.12) + comb
        )
    elif person.style in _HANGING:
        # parted hair falls to both sides of the parting
        line += 0.55 * np.maximum(np.abs(x - 0.5 * person.parting) - 0.10, 0.0)
    side = person.hair_length if person.style in _HANGING else min(person.hair_length, person.eye_y + 0.28)
    return line + (side - line) * smoothstep(start, 0.97, share)


def paint_over(head: Head, surface: Surface, light: Light, plane, frame: Frame, canvas: np.ndarray) -> None:
    """Paint the hair over the head on the head's window of the canvas, in place.

    `plane` holds the window's coordinates X, Y of the head plane, `canvas` its colors [3,H,W].
    """
    person = head.person
    x, y = plane
    edge = surface.y - _hairline(head, surface.x)
    hull = surface.outside if person.style in _SCALP else outline(head, x, y)
    mask = soft(np.maximum(edge, hull), 1.4 * frame.pixel)
    if person.style == "bald":
        mask *= 0.55 * smoothstep(0.70, 0.95, np.abs(surface.x) * (1.0 / head.half_width))
    elif person.style == "shaved":
        mask = np.clip(0.5 - np.maximum(edge, hull) * (1.0 / 0.09), 0.0, 1.0) * 0.72
    if person.style in _HANGING:
        mask *= soft(y - person.hair_length, 6.0 * frame.pixel)
    shine = np.exp(-np.square((edge + 0.24) * (1 / 0.11)))
    tone = _texture(head, x, y) * (1.0 + 0.30 * shine) * (1.0 - 0.35 * smoothstep(-0.12, 0.0, edge))
    blend(canvas, mask, linear(person.hair_color) * (tone * 0.88) * light.on_matte(surface.smooth_normal, 0.45))


def shadow(head: Head, surface: Surface) -> np.ndarray:
    """Return the darkness in [0,1] that the hair throws on the skin just below it."""
    if head.person.style in _SCALP:
        return np.float32(0.0)
    depth = 0.07 + 0.03 * head.person.hair_volume
    distance = surface.y - _hairline(head, surface.x)
    return 0.40 * (1.0 - smoothstep(0.0, depth + 0.05, distance))


def paint_ears(head: Head, light: Light, frame: Frame, canvas: np.ndarray) -> None:
    """Paint the ears, which the head and the hair then partly cover, on the `canvas` [3,S,S], in place."""
    person = head.person
    yaw = head.circumstances.yaw
    for sign in (-1.0, 1.0):
        middle_x = sign * cos(yaw) * (head.half_width * (1.0 + 0.6 * person.cheek) + 0.01) - sin(yaw) * 0.08
        middle_y = person.eye_y + 0.12 - 0.08 * head.sin_pitch
        width, height = person.ear_width, person.ear_height
        window = frame.window(middle_x - width, middle_x + width, middle_y - height, middle_y + height)
        if window is None:
            continue
        x, y = frame.plane(*window)
        u, v = (x - middle_x) * (sign / width), (y - middle_y) * (1.0 / height)
        away = np.sqrt(np.square(u - 0.25 * v * v + 0.1) + v * v)
        tone = 0.80 - 0.45 * np.exp(-np.square((away - 0.55) * 4.0)) * (v < 0.6)
        toward = max(light.direction[0] * sign * 0.8 + light.direction[2] * 0.5, 0.0)
        lit = light.main * (0.25 + 0.6 * toward) + 0.8 * light.ambient
        blend(canvas[:, *window], soft((away - 1.0) * width, frame.pixel), linear(person.skin_color) * lit * tone)
