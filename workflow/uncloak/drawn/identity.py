"""Who a synthetic person is: the values that stay the same in every picture.

Lengths are in head units (half the height of an average head); from the middle of the head x points to the picture's
right, y down, z to the viewer. Colors are display RGB in [0,1].
"""

from dataclasses import dataclass

import numpy as np

from uncloak.seeds import derive_seed, generator

Color = tuple[float, float, float]

_SKIN = np.array(
    [(0.95, 0.79, 0.70), (0.90, 0.69, 0.56), (0.78, 0.54, 0.39), (0.58, 0.37, 0.25), (0.38, 0.24, 0.17)], np.float64
)
_HAIR = {
    "black": (0.10, 0.085, 0.08),
    "dark brown": (0.22, 0.15, 0.11),
    "brown": (0.36, 0.24, 0.16),
    "light brown": (0.52, 0.38, 0.26),
    "blond": (0.80, 0.66, 0.43),
    "red": (0.58, 0.27, 0.14),
    "gray": (0.58, 0.57, 0.56),
    "white": (0.86, 0.85, 0.82),
}
_HAIR_SHARES = {
    False: (0.22, 0.20, 0.17, 0.11, 0.12, 0.07, 0.08, 0.03),
    True: (0.55, 0.22, 0.10, 0.02, 0.02, 0.01, 0.06, 0.02),
}
_IRIS = {
    "brown": (0.34, 0.20, 0.11),
    "dark": (0.17, 0.11, 0.08),
    "hazel": (0.45, 0.36, 0.17),
    "green": (0.33, 0.47, 0.29),
    "blue": (0.33, 0.50, 0.70),
    "gray": (0.50, 0.55, 0.58),
}
_IRIS_SHARES = {False: (0.25, 0.10, 0.16, 0.15, 0.24, 0.10), True: (0.50, 0.40, 0.06, 0.02, 0.01, 0.01)}
_STYLES = {"bald": 0.07, "shaved": 0.09, "short": 0.36, "medium": 0.22, "long": 0.26}
_BEARDS = {"none": 0.60, "stubble": 0.12, "mustache": 0.07, "goatee": 0.08, "full": 0.13}
_GLASSES = {"none": 0.74, "round": 0.09, "square": 0.09, "wide": 0.08}


@dataclass(frozen=True)
class Person:
    """The identity: geometry, albedo and hair of one synthetic person."""

    name: str
    # head
    half_width: float
    half_height: float
    depth: float
    jaw: float
    cheek: float
    forehead: float
    cheekbone: float
    chin: float
    chin_cleft: float
    # eyes
    eye_x: float
    eye_y: float
    eye_width: float
    upper_lid: float
    lower_lid: float
    eye_slant: float
    eye_depth: float
    lid_crease: float
    lash: float
    eye_bag: float
    iris: str
    iris_color: Color
    iris_radius: float
    eye_shadow: float
    # brows
    brow_gap: float
    brow_x: float
    brow_length: float
    brow_thickness: float
    brow_slope: float
    brow_arch: float
    brow_density: float
    brow_ridge: float
    # nose
    nose_y: float
    nose_width: float
    bridge_width: float
    bridge_height: float
    tip_height: float
    tip_width: float
    nostril: float
    hump: float
    # mouth
    mouth_y: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    cupid_bow: float
    mouth_curve: float
    lip_color: Color
    # ears
    ear_width: float
    ear_height: float
    # skin
    melanin: float
    skin_color: Color
    blush: float
    oil: float
    freckles: float
    fold: float
    wrinkles: float
    moles: tuple[tuple[float, float, float], ...]
    skin_seed: int
    # hair
    hair: str
    hair_color: Color
    style: str
    hair_length: float
    hair_volume: float
    hairline: float
    recession: float
    widows_peak: float
    parting: float
    fringe: float
    fringe_slope: float
    wave: float
    strand: float
    strand_contrast: float
    # beard and glasses
    beard: str
    beard_color: Color
    beard_density: float
    glasses: str
    glasses_color: Color
    lens_width: float
    lens_height: float
    rim: float


def _normal(rng: np.random.Generator, mean: float, sd: float) -> float:
    """Return a normal value cut at 2.2 standard deviations, so that no face falls apart."""
    return float(mean + sd * np.clip(rng.standard_normal(), -2.2, 2.2))


def _choice(rng: np.random.Generator, names: list[str] | tuple[str, ...], shares) -> str:
    return str(names[int(rng.choice(len(names), p=np.asarray(shares) / np.sum(shares)))])


def _color(rng: np.random.Generator, base: Color, sd: float) -> Color:
    """Return `base` with its brightness and its channels varied a little."""
    value = np.asarray(base) * np.exp(sd * rng.standard_normal()) + sd * 0.12 * rng.standard_normal(3)
    return tuple(float(c) for c in np.clip(value, 0.03, 0.97))


def _skin(rng: np.random.Generator) -> tuple[float, Color]:
    melanin = float(rng.beta(1.1, 1.5))
    position = melanin * (len(_SKIN) - 1)
    base = [np.interp(position, range(len(_SKIN)), _SKIN[:, channel]) for channel in range(3)]
    warmth = 0.015 * rng.standard_normal()
    return melanin, tuple(float(np.clip(c + d, 0.05, 0.99)) for c, d in zip(base, (warmth, 0.0, -warmth), strict=True))


def _hair_length(rng: np.random.Generator, style: str) -> float:
    """Return the y down to which hair hangs beside the face."""
    low, high = {"bald": (-0.2, 0.0), "shaved": (-0.05, 0.15), "short": (-0.05, 0.25), "medium": (0.4, 0.95)}.get(
        style, (1.1, 1.75)
    )
    return float(rng.uniform(low, high))


def person(seed: int, name: str) -> Person:
    """Return the person called `name` in the world of this `seed`; every name is a different person."""
    rng = generator(seed, "person", name)
    melanin, skin_color = _skin(rng)
    dark = melanin > 0.55
    style = _choice(rng, list(_STYLES), list(_STYLES.values()))
    hair = _choice(rng, list(_HAIR), _HAIR_SHARES[dark])
    hair_color = _color(rng, _HAIR[hair], 0.12)
    iris = _choice(rng, list(_IRIS), _IRIS_SHARES[dark])
    bearded = 0.30 if style == "long" else 1.0
    beard = _choice(rng, list(_BEARDS), [1.0 if k == "none" else s * bearded * 1.6 for k, s in _BEARDS.items()])
    painted = float(rng.uniform(0.25, 0.9)) if beard == "none" and rng.random() < 0.3 else 0.0
    natural_lip = np.array(skin_color) * (0.90, 0.66, 0.66)
    paint = np.array(_color(rng, (0.72, 0.16, 0.22), 0.2))
    lip_color = tuple(float(c) for c in natural_lip * (1 - painted) + paint * painted)
    eye_y = _normal(rng, -0.06, 0.03)
    moles = tuple(
        (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(-0.5, 0.9)), float(rng.uniform(0.013, 0.028)))
        for _ in range(int(rng.poisson(1.6)))
    )
    fringed = style in ("short", "medium", "long") and rng.random() < 0.4
    return Person(
        name=name,
        half_width=_normal(rng, 0.74, 0.035),
        half_height=_normal(rng, 1.07, 0.04),
        depth=_normal(rng, 0.84, 0.05),
        jaw=_normal(rng, 0.03, 0.06),
        cheek=_normal(rng, 0.0, 0.025),
        forehead=_normal(rng, 0.10, 0.035),
        cheekbone=_normal(rng, 0.05, 0.025),
        chin=_normal(rng, 0.07, 0.03),
        chin_cleft=max(0.0, _normal(rng, -0.01, 0.02)),
        eye_x=_normal(rng, 0.315, 0.020),
        eye_y=eye_y,
        eye_width=_normal(rng, 0.142, 0.014),
        upper_lid=_normal(rng, 0.062, 0.011),
        lower_lid=_normal(rng, 0.040, 0.008),
        eye_slant=_normal(rng, 0.05, 0.09),
        eye_depth=_normal(rng, 0.065, 0.025),
        lid_crease=_normal(rng, 0.045, 0.018),
        lash=_normal(rng, 0.016, 0.006),
        eye_bag=abs(_normal(rng, 0.0, 0.14)),
        iris=iris,
        iris_color=_color(rng, _IRIS[iris], 0.12),
        iris_radius=_normal(rng, 0.064, 0.005),
        eye_shadow=float(rng.uniform(0.2, 0.7)) if painted and rng.random() < 0.5 else 0.0,
        brow_gap=_normal(rng, 0.185, 0.026),
        brow_x=_normal(rng, 0.325, 0.022),
        brow_length=_normal(rng, 0.195, 0.024),
        brow_thickness=_normal(rng, 0.036, 0.012),
        brow_slope=_normal(rng, 0.0, 0.13),
        brow_arch=_normal(rng, 0.045, 0.024),
        brow_density=_normal(rng, 0.72, 0.13),
        brow_ridge=_normal(rng, 0.035, 0.018),
        nose_y=_normal(rng, 0.31, 0.035),
        nose_width=_normal(rng, 0.135, 0.024),
        bridge_width=_normal(rng, 0.075, 0.014),
        bridge_height=_normal(rng, 0.10, 0.03),
        tip_height=_normal(rng, 0.25, 0.035),
        tip_width=_normal(rng, 0.115, 0.018),
        nostril=_normal(rng, 0.030, 0.007),
        hump=_normal(rng, 0.0, 0.03),
        mouth_y=_normal(rng, 0.625, 0.032),
        mouth_width=_normal(rng, 0.245, 0.026),
        upper_lip=_normal(rng, 0.050, 0.015),
        lower_lip=_normal(rng, 0.068, 0.017),
        cupid_bow=_normal(rng, 0.22, 0.14),
        mouth_curve=_normal(rng, 0.0, 0.016),
        lip_color=lip_color,
        ear_width=_normal(rng, 0.085, 0.018),
        ear_height=_normal(rng, 0.19, 0.025),
        melanin=melanin,
        skin_color=skin_color,
        blush=float(rng.uniform(0.0, 0.35)),
        oil=float(rng.uniform(0.03, 0.22)),
        freckles=float(rng.uniform(0.2, 0.8)) if melanin < 0.5 and rng.random() < 0.22 else 0.0,
        fold=float(rng.uniform(0.0, 0.30)),
        wrinkles=float(rng.uniform(0.1, 0.4)) if hair in ("gray", "white") or rng.random() < 0.15 else 0.0,
        moles=moles,
        skin_seed=derive_seed(seed, "skin", name),
        hair=hair,
        hair_color=hair_color,
        style=style,
        hair_length=_hair_length(rng, style),
        hair_volume=_normal(rng, {"bald": 0.0, "shaved": 0.012}.get(style, 0.12), 0.002 if style == "shaved" else 0.04),
        hairline=_normal(rng, -0.60, 0.07),
        recession=max(0.0, _normal(rng, 0.02, 0.09)),
        widows_peak=max(0.0, _normal(rng, 0.0, 0.05)),
        parting=float(rng.uniform(-0.45, 0.45)),
        fringe=float(rng.uniform(0.35, 1.0)) if fringed else 0.0,
        fringe_slope=_normal(rng, 0.0, 0.18),
        wave=float(rng.uniform(0.0, 1.0)) ** 2,
        strand=float(rng.uniform(16.0, 42.0)),
        strand_contrast=float(rng.uniform(0.12, 0.4)),
        beard=beard,
        beard_color=_color(rng, tuple(0.9 * c for c in hair_color), 0.1),
        beard_density=float(rng.uniform(0.65, 0.95)),
        glasses=_choice(rng, list(_GLASSES), list(_GLASSES.values())),
        glasses_color=_color(
            rng,
            [(0.08, 0.08, 0.09), (0.35, 0.2, 0.1), (0.5, 0.1, 0.12), (0.6, 0.6, 0.62)][
                int(rng.choice(4, p=(0.5, 0.2, 0.12, 0.18)))
            ],
            0.15,
        ),
        lens_width=_normal(rng, 0.235, 0.018),
        lens_height=_normal(rng, 0.165, 0.02),
        rim=float(rng.uniform(0.012, 0.026)),
    )
