"""A small task in ImageNet's role: objects drawn by a program, told apart by their outline and their surface.

Color, pose, light, background, occlusion and noise say nothing of the class. Every picture has a random stream of its
own, named after its part, class and number, so that it does not depend on how many others are drawn.
"""

from collections.abc import Callable, Mapping

import numpy as np

from uncloak.errors import InputError
from uncloak.seeds import generator

PARTS = ("train", "validation", "test")
SIZES = (16, 64)

Plane = np.ndarray


def _disk(u: Plane, v: Plane) -> Plane:
    return np.hypot(u, v) - 0.85


def _square(u: Plane, v: Plane) -> Plane:
    return np.maximum(np.abs(u), np.abs(v)) - 0.76


def _triangle(u: Plane, v: Plane) -> Plane:
    return np.maximum(v, 0.866 * np.abs(u) - 0.5 * v) - 0.5


def _cross(u: Plane, v: Plane) -> Plane:
    across, along = np.abs(u), np.abs(v)
    return np.minimum(np.maximum(across - 0.3, along - 0.95), np.maximum(along - 0.3, across - 0.95))


def _ring(u: Plane, v: Plane) -> Plane:
    return np.abs(np.hypot(u, v) - 0.67) - 0.24


def _star(u: Plane, v: Plane) -> Plane:
    return np.hypot(u, v) - 0.66 - 0.3 * np.cos(5 * np.arctan2(v, u))


def _crescent(u: Plane, v: Plane) -> Plane:
    return np.maximum(np.hypot(u, v) - 0.92, 0.75 - np.hypot(u - 0.5, v))


def _hourglass(u: Plane, v: Plane) -> Plane:
    return np.maximum(np.abs(u) - 0.85 * np.abs(v) - 0.06, np.abs(v) - 0.9)


# Outlines in the object's own plane, about 1 in radius: negative inside, zero at the edge.
_OUTLINES: dict[str, Callable[[Plane, Plane], Plane]] = {
    "disk": _disk,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "ring": _ring,
    "star": _star,
    "crescent": _crescent,
    "hourglass": _hourglass,
}
# Surfaces: how much of the object's second color, from -1 (none) to 1 (all), shows at a place.
_SURFACES: dict[str, Callable[[Plane, Plane, float], Plane]] = {
    "plain": lambda u, v, phase: np.full_like(u, -1.0),
    "striped": lambda u, v, phase: np.sin(11.0 * v + phase),
    "checkered": lambda u, v, phase: 2.0 * np.sin(8.5 * u + phase) * np.sin(8.5 * v + phase),
}
CLASSES = tuple(f"{surface} {outline}" for outline in _OUTLINES for surface in _SURFACES)


def make(record: Mapping, folder: object, seed: int) -> tuple[int, dict[str, np.ndarray]]:
    """Draw record["pictures"] of record["size"], as `draw_objects` does; no folder is looked at."""
    return len(CLASSES), draw_objects(record["pictures"], record["size"], seed)


def draw_object(seed: int, part: str, name: str, number: int, size: int) -> np.ndarray:
    """Draw picture `number` of the class `name` (of `CLASSES`) in `part` as uint8 [size,size,3]."""
    surface, outline = name.split()
    random = generator(seed, "object", part, name, str(number))
    pixel = 2.0 / size
    y, x = (np.mgrid[:size, :size] + 0.5) * pixel - 1.0

    angle, stretch, radius = random.uniform(-0.35, 0.35), np.exp(random.uniform(-0.12, 0.12)), random.uniform(0.6, 0.85)
    center = random.uniform(-0.15, 0.15, 2)
    c, s = np.cos(angle) / radius, np.sin(angle) / radius
    u = (c * (x - center[0]) + s * (y - center[1])) * stretch
    v = (c * (y - center[1]) - s * (x - center[0])) / stretch

    back, front, second = _colors(random)
    canvas = _background(random, x, y, back)
    paint = front + _cover(_SURFACES[surface](u, v, random.uniform(0, 2 * np.pi)), 0.4) * (second - front)
    inside = _cover(-_OUTLINES[outline](u, v), pixel / radius)
    canvas += inside * (paint - canvas)
    if random.random() < 0.25:
        canvas += _bar(random, x, y, pixel) * (random.random((3, 1, 1)) - canvas)
    return _photograph(random, canvas, x, y)


def draw_objects(counts: Mapping[str, int], size: int, seed: int) -> dict[str, np.ndarray]:
    """Draw `counts` (part -> pictures of each class) pictures.

    Returns arrays of one length N: `pictures` uint8 [N,size,size,3], `label` int64 [N] (places in `CLASSES`), `part`
    text [N] and `picture` text [N] (part/class/number).

    Raises InputError for an unknown part, a count below 1, or a size out of `SIZES`.
    """
    unknown = [part for part in counts if part not in PARTS]
    if unknown or not counts or min(counts.values()) < 1:
        raise InputError(f"objects: pictures are {dict(counts)}; give each of {', '.join(PARTS)} a count of at least 1")
    if not SIZES[0] <= size <= SIZES[1]:
        raise InputError(f"objects: size is {size}; choose one from {SIZES[0]} to {SIZES[1]}")
    wanted = [
        (part, label, number) for part in counts for label in range(len(CLASSES)) for number in range(counts[part])
    ]
    return {
        "pictures": np.stack([draw_object(seed, part, CLASSES[label], number, size) for part, label, number in wanted]),
        "label": np.array([label for _, label, _ in wanted]),
        "part": np.array([part for part, _, _ in wanted]),
        "picture": np.array([f"{part}/{CLASSES[label]}/{number:04d}" for part, label, number in wanted]),
    }


def _cover(depth: Plane, softness: float) -> Plane:
    """Return the share of a pixel, 0 to 1, that lies at positive depth."""
    return np.clip(0.5 + depth / softness, 0.0, 1.0)


def _colors(random: np.random.Generator) -> list[np.ndarray]:
    """Return the colors [3,1,1] of the ground (dark), of the object (bright) and of what its surface shows (dark)."""
    return [random.uniform(low, high, (3, 1, 1)) for low, high in ((0.0, 0.6), (0.45, 1.0), (0.0, 0.55))]


def _background(random: np.random.Generator, x: Plane, y: Plane, color: np.ndarray) -> np.ndarray:
    """Return a canvas [3,S,S] of one color with waves and with patches of other colors."""
    p, q = random.uniform(-9, 9, (2, 2))
    phases = random.uniform(0, 2 * np.pi, 2)
    waves = np.sin(p[0] * x + p[1] * y + phases[0]) * np.cos(q[0] * x + q[1] * y + phases[1])
    canvas = color + random.uniform(0, 0.15, (3, 1, 1)) * waves
    for _ in range(random.integers(0, 4)):
        place, width = random.uniform(-1, 1, 2), random.uniform(0.08, 0.25)
        patch = width - np.maximum(np.abs(x - place[0]), np.abs(y - place[1]) * random.uniform(0.3, 1.5))
        canvas += _cover(patch, 0.06) * (random.random((3, 1, 1)) - canvas)
    return canvas


def _bar(random: np.random.Generator, x: Plane, y: Plane, pixel: float) -> Plane:
    """Return the cover of a bar across the picture."""
    angle, place, width = random.uniform(0, np.pi), random.uniform(-0.6, 0.6), random.uniform(0.05, 0.12)
    return _cover(width - np.abs(np.cos(angle) * x + np.sin(angle) * y - place), pixel)


def _photograph(random: np.random.Generator, canvas: np.ndarray, x: Plane, y: Plane) -> np.ndarray:
    """Return the lit canvas [3,S,S] as an 8-bit picture [S,S,3] with noise."""
    light = random.uniform(-0.3, 0.3, 2)
    lit = canvas * random.uniform(0.7, 1.15) * (1.0 + light[0] * x + light[1] * y)
    lit += random.uniform(0.01, 0.06) * random.standard_normal(canvas.shape)
    return np.rint(255.0 * np.clip(lit, 0.0, 1.0)).astype(np.uint8).transpose(1, 2, 0)
