"""Eyes and brows."""

import numpy as np

from uncloak.drawn.brush import blend, box, linear, soft
from uncloak.drawn.identity import Person
from uncloak.drawn.nuisance import Circumstances

_WHITE = linear((0.90, 0.88, 0.87))
_PUPIL = linear((0.03, 0.03, 0.03))
_LASHES = linear((0.10, 0.07, 0.06))
_SPARK = linear((1.0, 1.0, 1.0))
_SHADOW_COLORS = (linear((0.30, 0.24, 0.42)), linear((0.42, 0.26, 0.24)), linear((0.25, 0.32, 0.40)))


def paint_eyes(
    person: Person,
    circumstances: Circumstances,
    albedo: np.ndarray,
    gloss: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pixel: float,
) -> None:
    """Paint both eyes on the skin's `albedo` [3,H,W] and the share of `gloss` [H,W], in place."""
    reach = person.eye_x + 1.7 * person.eye_width
    part = box(x, y, -reach, reach, person.eye_y - 0.22, person.eye_y + 0.16)
    if part is None:
        return
    x, y, albedo, gloss = x[part], y[part], albedo[:, *part], gloss[part]
    side = np.abs(x) - person.eye_x
    sign = np.sign(x)
    u = side * (1.0 / person.eye_width)
    height = y - person.eye_y + person.eye_slant * side
    arch = np.maximum(1.0 - u * u, 0.0)
    squeeze = 0.25 * max(circumstances.smile, 0.0)
    lower = person.lower_lid * (1.0 - squeeze)
    opening = person.upper_lid * (1.0 + 0.10 * circumstances.brow_raise)
    upper = opening - (opening + 0.7 * lower) * circumstances.blink
    upper_edge = -upper * arch * (1.0 - 0.25 * u)
    lower_edge = lower * arch * (1.0 + 0.20 * u)
    ends = (np.abs(u) - 1.0) * person.eye_width
    fade = np.clip(1.35 - np.abs(u), 0.0, 1.0)

    if person.eye_shadow > 0.0:
        tint = _SHADOW_COLORS[person.skin_seed % len(_SHADOW_COLORS)]
        over = (height + 0.6 * opening + 0.02) * (1.0 / (person.lid_crease + 0.045))
        blend(albedo, person.eye_shadow * np.exp(-over * over) * fade * (height < lower_edge), tint)
    crease = np.abs(height - upper_edge + person.lid_crease) - 0.008
    albedo *= 1.0 - 0.42 * soft(np.maximum(crease, ends - 0.03), 1.6 * pixel)

    opened = soft(np.maximum(np.maximum(upper_edge - height, height - lower_edge), ends), pixel)
    white = _WHITE * (1.0 - 0.35 * np.exp(-np.square((height - upper_edge) * (1 / 0.03))))
    gaze_x, gaze_y = 0.035 * circumstances.gaze_x, 0.02 * circumstances.gaze_y - 0.004
    away = np.hypot(side - sign * gaze_x, height - gaze_y)
    rim = soft(away - person.iris_radius, pixel)
    iris = linear(person.iris_color) * (1.25 - 7.0 * away)
    ball = white + rim * (iris - white)
    ball *= 1.0 - 0.55 * rim * soft(person.iris_radius - 0.012 - away, 1.5 * pixel)
    blend(ball, soft(away - 0.45 * person.iris_radius, pixel), _PUPIL)
    lx, ly, _ = circumstances.light
    spark = np.hypot(side * sign - gaze_x - 0.028 * lx, height - gaze_y - 0.022 * ly + 0.008)
    blend(ball, 0.85 * soft(spark - 0.015, 1.3 * pixel), _SPARK)
    blend(albedo, opened, ball)
    gloss *= 1.0 - 0.8 * opened

    thickness = person.lash * (0.7 + 0.35 * u)
    lash = soft(np.maximum(np.abs(height - upper_edge + 0.3 * person.lash) - thickness, ends - 0.015), pixel)
    under = soft(np.maximum(np.abs(height - lower_edge) - 0.005, ends), 1.4 * pixel)
    blend(albedo, np.maximum(0.92 * lash, 0.42 * under), _LASHES)


def paint_brows(
    person: Person, circumstances: Circumstances, albedo: np.ndarray, x: np.ndarray, y: np.ndarray, pixel: float
) -> None:
    """Paint both brows on the skin's `albedo` [3,H,W], in place."""
    middle = person.eye_y - person.brow_gap - 0.03 * circumstances.brow_raise
    reach = person.brow_x + person.brow_length + 0.05
    part = box(x, y, -reach, reach, middle - 0.18, middle + 0.16)
    if part is None:
        return
    x, y, albedo = x[part], y[part], albedo[:, *part]
    u = (np.abs(x) - person.brow_x) * (1.0 / person.brow_length)
    line = (
        middle
        + 0.4 * person.brow_arch
        - person.brow_arch * (1.0 - np.square(u - 0.2))
        - person.brow_slope * (u * person.brow_length)
    )
    thickness = person.brow_thickness * (1.0 - 0.55 * np.clip(0.5 + 0.5 * u, 0.0, 1.0))
    edge = np.maximum(np.abs(y - line) - thickness, (np.abs(u) - 1.0) * person.brow_length)
    hairs = 0.94 + 0.06 * np.cos(90.0 * np.abs(x) + 60.0 * (y - middle))
    color = (
        linear(tuple(0.55 * c for c in person.hair_color))
        if person.hair not in ("gray", "white", "blond")
        else (linear(tuple(0.62 * c for c in person.hair_color)))
    )
    blend(albedo, person.brow_density * hairs * soft(edge, 1.5 * pixel), color)
