"""The height field over the ellipsoid: nose, brow, sockets, cheekbones, lips and chin, in head units along z."""

import numpy as np

from uncloak.drawn.brush import hill, smoothstep
from uncloak.drawn.identity import Person
from uncloak.drawn.nuisance import Circumstances


def nose_height(person: Person, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the height of the nose's ridge and tip at the object coordinates x, y."""
    root = person.eye_y - 0.06
    tip = person.nose_y
    along = np.clip((y - root) * (1.0 / (tip - root)), -0.35, 1.0)
    ramp = np.clip(along, 0.0, 1.0)
    ridge = person.bridge_height + (person.tip_height - person.bridge_height) * ramp * ramp
    ridge = ridge + (4.0 * person.hump) * ramp * (1.0 - ramp)
    ridge = ridge * smoothstep(-0.35, 0.15, along) * (1.0 - smoothstep(tip, tip + 0.12, y))
    width = person.bridge_width + (person.tip_width - person.bridge_width) * ramp * ramp
    u = x / width
    return ridge * np.exp(-(u * u))


def relief_height(person: Person, circumstances: Circumstances, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the whole height field at the object coordinates x, y (float32 planes)."""
    smile, side = circumstances.smile, np.abs(x)
    eye = (person.eye_x, person.eye_y)
    height = nose_height(person, x, y)
    height += 0.055 * hill(x, y, (0.0, person.nose_y - 0.005), person.tip_width * 0.9, 0.085)
    height += 0.090 * hill(side, y, (person.nose_width * 0.85, person.nose_y + 0.01), 0.062, 0.062)
    height += person.brow_ridge * hill(side, y, (person.brow_x * 0.85, person.eye_y - 0.13), 0.20, 0.085)
    height -= person.eye_depth * hill(side, y, (eye[0] * 0.92, eye[1] - 0.01), 0.17, 0.10)
    height += 0.030 * hill(side, y, eye, 0.10, 0.07)
    cheek_y = 0.26 - 0.04 * smile
    height += (person.cheekbone + 0.025 * max(smile, 0.0)) * hill(side, y, (0.40, cheek_y), 0.20, 0.18)
    height += 0.055 * hill(x, y, (0.0, person.mouth_y), 0.26, 0.15)
    height -= 0.022 * hill(x, y, (0.0, person.mouth_y + 0.15), 0.15, 0.045)
    height += person.chin * hill(x, y, (0.0, 0.90), 0.20, 0.12)
    if person.chin_cleft > 0.0:
        height -= person.chin_cleft * hill(x, y, (0.0, 0.91), 0.03, 0.08)
    return height
