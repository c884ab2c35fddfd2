"""The mouth, the nostrils and the beard."""

import numpy as np

from uncloak.drawn.brush import blend, box, hill, linear, smoothstep, soft
from uncloak.drawn.identity import Person
from uncloak.drawn.nuisance import Circumstances

_INSIDE = linear((0.20, 0.06, 0.06))
_TEETH = linear((0.90, 0.88, 0.82))
_NOSTRIL = linear((0.14, 0.07, 0.06))


def mouth_corner(person: Person, circumstances: Circumstances) -> tuple[float, float]:
    """Return the object coordinates of the right mouth corner; the left one mirrors it."""
    half_width = person.mouth_width * (1.0 + 0.20 * circumstances.smile - 0.10 * circumstances.mouth_open)
    return half_width, person.mouth_y - person.mouth_curve - 0.045 * circumstances.smile


def paint_nostrils(person: Person, albedo: np.ndarray, x: np.ndarray, y: np.ndarray, pixel: float) -> None:
    """Paint the nostrils and the wings' edge on the skin's `albedo` [3,H,W], in place."""
    reach = person.nose_width + 0.12
    part = box(x, y, -reach, reach, person.nose_y - 0.12, person.nose_y + 0.16)
    if part is None:
        return
    x, y, albedo = x[part], y[part], albedo[:, *part]
    side = np.abs(x)
    away = np.hypot(side - 0.56 * person.nose_width, 1.7 * (y - person.nose_y - 0.072 + 0.12 * side))
    wing = hill(side, y, (person.nose_width * 1.12, person.nose_y + 0.035), 0.026, 0.055)
    blend(albedo, np.maximum(0.85 * soft(away - 1.5 * person.nostril, 2.0 * pixel), 0.35 * wing), _NOSTRIL)


def paint_mouth(
    person: Person,
    circumstances: Circumstances,
    albedo: np.ndarray,
    gloss: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pixel: float,
) -> None:
    """Paint lips, teeth and the mouth's line on `albedo` [3,H,W] and the share of `gloss` [H,W], in place."""
    half_width, corner_y = mouth_corner(person, circumstances)
    part = box(x, y, -half_width - 0.06, half_width + 0.06, person.mouth_y - 0.24, person.mouth_y + 0.32)
    if part is None:
        return
    x, y, albedo, gloss = x[part], y[part], albedo[:, *part], gloss[part]
    u = x * (1.0 / half_width)
    square = np.minimum(u * u, 1.0)
    arch = 1.0 - square
    opening = 0.15 * circumstances.mouth_open
    stretch = 1.0 - 0.25 * max(circumstances.smile, 0.0)
    line = person.mouth_y + (corner_y - person.mouth_y) * square
    bow = (
        1.0
        - person.cupid_bow * np.exp(square * -14.0)
        + 0.3 * person.cupid_bow * np.exp(-22.0 * np.square(np.abs(u) - 0.3))
    )
    inner_top = line - 0.25 * opening * arch
    inner_bottom = line + 0.75 * opening * arch
    top = inner_top - person.upper_lip * stretch * arch * bow
    bottom = inner_bottom + person.lower_lip * stretch * arch * (1.0 - 0.25 * square)
    ends = (np.abs(u) - 1.0) * half_width
    lips = soft(np.maximum(np.maximum(top - y, y - bottom), ends), 1.3 * pixel)
    color = linear(person.lip_color) * (1.0 - 0.16 * smoothstep(0.0, 0.03, line - y))
    blend(albedo, 0.88 * lips, color)
    gloss += 0.10 * lips
    if opening > 0.004:
        inside = soft(np.maximum(np.maximum(inner_top - y, y - inner_bottom), ends), pixel)
        depth = _INSIDE
        if circumstances.smile > -0.1:
            teeth = soft(np.maximum(y - inner_top - 0.075, np.abs(x) - 0.8 * half_width), 1.5 * pixel)
            depth = _INSIDE + teeth * (_TEETH * (1.05 - 0.5 * square) - _INSIDE)
        blend(albedo, inside, depth)
        gloss *= 1.0 - inside
    seam = np.minimum(np.abs(y - inner_top), np.abs(y - inner_bottom)) - 0.007
    dark = 0.7 * soft(np.maximum(seam, ends - 0.01), 1.3 * pixel)
    corner = 0.55 * hill(np.abs(x), y, (half_width, corner_y), 0.026, 0.022)
    blend(albedo, np.maximum(dark, corner), _INSIDE)


def paint_beard(
    person: Person, circumstances: Circumstances, albedo: np.ndarray, x: np.ndarray, y: np.ndarray, pixel: float
) -> None:
    """Paint the beard on the skin's `albedo` [3,H,W], in place; the mouth is painted over it."""
    if person.beard == "none":
        return
    part = box(x, y, -0.8, 0.8, person.nose_y + 0.05, 1.25)
    if part is None:
        return
    x, y, albedo = x[part], y[part], albedo[:, *part]
    half_width, _ = mouth_corner(person, circumstances)
    side = np.abs(x)
    reach = half_width + 0.05
    mustache = np.maximum(person.nose_y + 0.135 + 0.10 * np.square(side * (1.0 / reach)) - y, y - person.mouth_y)
    mustache = np.maximum(mustache, side - reach)
    round_chin = np.hypot(side, y - person.mouth_y - 0.13) - reach * 0.92
    cheek_line = person.mouth_y - 0.10 - 0.55 * np.maximum(side - 0.28, 0.0)
    jaw = np.maximum(cheek_line - y, 0.20 - np.hypot(side * 0.75, y - person.mouth_y - 0.02))
    shape = {
        "mustache": mustache,
        "goatee": np.minimum(mustache, round_chin),
        "full": np.minimum(mustache, jaw),
        "stubble": np.minimum(mustache, jaw),
    }[person.beard]
    grain = 0.91 + 0.09 * np.cos(70.0 * x + 5.0 * np.cos(23.0 * y)) * np.cos(58.0 * y + 7.0 * np.cos(19.0 * x))
    density = 0.42 * person.beard_density if person.beard == "stubble" else person.beard_density
    mask = density * grain * np.clip(0.5 - shape * (1.0 / (0.07 + 1.5 * pixel)), 0.0, 1.0)
    blend(albedo, mask, linear(person.beard_color))
