"""Light: a wrapped main light, sky and bounce light, and a gloss; all in linear light."""

from dataclasses import dataclass
from math import cos, sin, sqrt

import numpy as np

from uncloak.drawn.nuisance import Circumstances

# Skin scatters red light farther, so that it wraps around the shadow's edge.
_WRAP = np.array([0.34, 0.18, 0.12], np.float32).reshape(3, 1, 1)
_GLOSS_POWER = 14


@dataclass(frozen=True)
class Light:
    """The light of one picture in the axes of the head plane."""

    direction: tuple[float, float, float]
    halfway: tuple[float, float, float]
    main: np.ndarray  # float32 [3,1,1]
    ambient: float

    @classmethod
    def of(cls, circumstances: Circumstances) -> "Light":
        """Return the light of these circumstances."""
        c, s = cos(circumstances.roll), sin(circumstances.roll)
        lx, ly, lz = circumstances.light
        x, y = c * lx + s * ly, c * ly - s * lx
        length = sqrt(x * x + y * y + (lz + 1.0) ** 2)
        color = np.array(circumstances.light_color, np.float32).reshape(3, 1, 1)
        strength = 1.42 - 1.0 * circumstances.ambient
        return cls((x, y, lz), (x / length, y / length, (lz + 1.0) / length), strength * color, circumstances.ambient)

    def facing(self, normal) -> np.ndarray:
        """Return the cosine between the normals (three planes) and the main light, in [-1,1]."""
        return self.direction[0] * normal[0] + self.direction[1] * normal[1] + self.direction[2] * normal[2]

    def on_skin(self, normal) -> np.ndarray:
        """Return the light [3,H,W] that skin with these normals receives."""
        wrapped = np.maximum((self.facing(normal) + _WRAP) / (1.0 + _WRAP), 0.0)
        return wrapped * self.main + self._surrounding(normal)

    def on_matte(self, normal, wrap: float = 0.3) -> np.ndarray:
        """Return the light [3,H,W] that hair, cloth or plastic with these normals receives."""
        wrapped = np.maximum((self.facing(normal) + wrap) * (1.0 / (1.0 + wrap)), 0.0)
        return wrapped * self.main + self._surrounding(normal)

    def _surrounding(self, normal) -> np.ndarray:
        return self.ambient * (0.82 - 0.22 * normal[1])

    def gloss(self, normal) -> np.ndarray:
        """Return the mirrored light [H,W] of an oily surface."""
        hx, hy, hz = self.halfway
        shine = np.maximum(hx * normal[0] + hy * normal[1] + hz * normal[2], 0.0)
        shine *= shine
        return shine ** (_GLOSS_POWER // 2) * float(self.main.mean())
