"""The circumstances of one photograph: everything that changes from picture to picture of the same person."""

from dataclasses import dataclass, replace

import numpy as np

from uncloak.drawn.identity import Color
from uncloak.seeds import derive_seed, generator

_OCCLUDERS = ("hand", "phone", "bar")
_BACKDROPS = {"wall": 0.3, "foliage": 0.2, "panels": 0.17, "horizon": 0.18, "tiles": 0.15}
_BACKDROP_COLORS = (
    (0.78, 0.76, 0.72),
    (0.55, 0.60, 0.64),
    (0.30, 0.33, 0.38),
    (0.62, 0.70, 0.78),
    (0.36, 0.45, 0.28),
    (0.24, 0.32, 0.22),
    (0.58, 0.44, 0.32),
    (0.82, 0.74, 0.60),
    (0.45, 0.28, 0.24),
    (0.20, 0.18, 0.18),
    (0.66, 0.58, 0.62),
    (0.40, 0.55, 0.62),
)
_CLOTHES = (
    (0.12, 0.13, 0.16),
    (0.88, 0.88, 0.86),
    (0.18, 0.24, 0.40),
    (0.45, 0.12, 0.14),
    (0.30, 0.36, 0.28),
    (0.55, 0.52, 0.48),
    (0.25, 0.42, 0.55),
    (0.72, 0.58, 0.24),
    (0.48, 0.30, 0.42),
)


@dataclass(frozen=True)
class Circumstances:
    """Pose, expression, light, camera, surroundings and accidents of one picture. Angles in radians."""

    picture: str
    # pose: positive yaw turns the face to the picture's right, positive pitch down, positive roll clockwise
    yaw: float
    pitch: float
    roll: float
    # expression
    smile: float
    mouth_open: float
    blink: float
    brow_raise: float
    gaze_x: float
    gaze_y: float
    # light
    light: tuple[float, float, float]
    ambient: float
    light_color: Color
    # camera; blur in pixels of a 64 pixel face crop, noise in display units
    exposure: float
    white_balance: Color
    gamma: float
    blur: float
    noise: float
    # surroundings
    backdrop: str
    backdrop_colors: tuple[Color, Color, Color]
    backdrop_phase: tuple[float, float, float, float]
    clothes: str
    clothes_colors: tuple[Color, Color]
    # accidents; an occluder's place and size in head units
    occluder: str
    occluder_place: tuple[float, float, float, float]
    occluder_color: Color
    hat: str
    hat_color: Color
    other_glasses: str
    hair_phase: float
    # framing: face width and position as shares of the picture
    face_share: float
    face_x: float
    face_y: float
    # a detector's error at the five landmarks, in units of its standard deviation
    detector_error: tuple[tuple[float, float], ...]
    noise_seed: int


def _light(rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the unit vector to the main light, from the viewer's side and mostly from above."""
    azimuth = 0.65 * rng.standard_normal()
    elevation = 0.35 + 0.32 * rng.standard_normal()
    azimuth, elevation = np.clip(azimuth, -1.25, 1.25), np.clip(elevation, -0.35, 1.0)
    return (
        float(np.sin(azimuth) * np.cos(elevation)),
        float(-np.sin(elevation)),
        float(np.cos(azimuth) * np.cos(elevation)),
    )


def _tint(rng: np.random.Generator, sd: float) -> Color:
    """Return a color near white, warm or cold rather than green or purple."""
    warm, green = sd * rng.standard_normal(), 0.3 * sd * rng.standard_normal()
    return (float(np.exp(warm)), float(np.exp(green)), float(np.exp(-warm)))


def _vary(rng: np.random.Generator, color: Color, sd: float) -> Color:
    return tuple(float(c) for c in np.clip(np.asarray(color) + sd * rng.standard_normal(3), 0.02, 0.98))


def _pick(rng: np.random.Generator, colors: tuple[Color, ...], sd: float) -> Color:
    return _vary(rng, colors[int(rng.integers(len(colors)))], sd)


def circumstances(seed: int, picture_id: str) -> Circumstances:
    """Return the circumstances of the picture `picture_id` ("identity/stem"); they depend on these two alone."""
    rng = generator(seed, "circumstances", picture_id)

    def normal(sd: float) -> float:
        return float(sd * np.clip(rng.standard_normal(), -2.3, 2.3))

    def chance(share: float) -> bool:
        return bool(rng.random() < share)

    occluded, hatted, borrowed = chance(0.06), chance(0.03), chance(0.02)
    angle = rng.uniform(0, 2 * np.pi)
    return Circumstances(
        picture=picture_id,
        yaw=normal(0.24),
        pitch=normal(0.12),
        roll=normal(0.14),
        smile=float(np.clip(0.3 + 0.4 * rng.standard_normal(), -0.35, 1.0)),
        mouth_open=float(max(0.0, rng.uniform(-0.6, 1.0))) ** 1.5,
        blink=float(rng.uniform(0.5, 1.0)) if chance(0.05) else float(rng.uniform(0.0, 0.25)),
        brow_raise=normal(0.5),
        gaze_x=normal(0.35),
        gaze_y=normal(0.2),
        light=_light(rng),
        ambient=float(rng.uniform(0.18, 0.60)),
        light_color=_tint(rng, 0.06),
        exposure=float(np.exp(normal(0.26))),
        white_balance=_tint(rng, 0.06),
        gamma=float(np.exp(normal(0.12))),
        blur=float(rng.uniform(0.0, 1.0)) ** 1.5 * 1.1,
        noise=float(np.exp(rng.uniform(np.log(0.004), np.log(0.03)))),
        backdrop=str(list(_BACKDROPS)[int(rng.choice(len(_BACKDROPS), p=list(_BACKDROPS.values())))]),
        backdrop_colors=tuple(_pick(rng, _BACKDROP_COLORS, 0.05) for _ in range(3)),
        backdrop_phase=tuple(float(v) for v in rng.uniform(0.0, 1.0, 4)),
        clothes=("crew", "collar", "stripes")[int(rng.integers(3))],
        clothes_colors=(_pick(rng, _CLOTHES, 0.05), _pick(rng, _CLOTHES, 0.05)),
        occluder=_OCCLUDERS[int(rng.integers(3))] if occluded else "none",
        occluder_place=(
            float(0.62 * np.cos(angle)),
            float(0.25 + 0.62 * np.sin(angle)),
            float(rng.uniform(-1.0, 1.0)),
            float(rng.uniform(0.16, 0.3)),
        ),
        occluder_color=_vary(rng, (0.45, 0.42, 0.42), 0.2),
        hat=("cap", "beanie")[int(rng.integers(2))] if hatted else "none",
        hat_color=_pick(rng, _CLOTHES, 0.06),
        other_glasses=("round", "square", "wide")[int(rng.integers(3))] if borrowed else "none",
        hair_phase=float(rng.uniform(0.0, 6.2832)),
        face_share=float(rng.uniform(0.32, 0.47)),
        face_x=0.5 + normal(0.045),
        face_y=0.46 + normal(0.03),
        detector_error=tuple((float(a), float(b)) for a, b in np.clip(rng.standard_normal((5, 2)), -2.5, 2.5)),
        noise_seed=derive_seed(seed, "noise", picture_id),
    )


def varied(how: Circumstances, variation: float) -> Circumstances:
    """Return the circumstances with pose, gaze, brows, blur and noise `variation` times as strong."""
    scaled = ("yaw", "pitch", "roll", "brow_raise", "gaze_x", "gaze_y", "blur", "noise")
    return replace(how, **{name: variation * getattr(how, name) for name in scaled})
