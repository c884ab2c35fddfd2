"""The head's geometry: an ellipsoid with a jaw, carrying a height field, seen in any pose.

Points of the face are named by their object coordinates (x, y); the ray of a picture point is met with the turned
ellipsoid in closed form, and the height field enters by two fixed-point steps of the inverse warp.
"""

from dataclasses import dataclass
from math import cos, exp, sin, sqrt

import numpy as np

from uncloak.drawn.frame import Frame
from uncloak.drawn.identity import Person
from uncloak.drawn.nuisance import Circumstances
from uncloak.drawn.relief import nose_height, relief_height

# Forward distance (in depths) of the axis about which the outline of the jaw narrows and widens.
_AXIS = 0.75
# Rows of the outline that the person's jaw, cheek and forehead widths move: middle and 1/e distance.
_ROWS = ((0.70, 0.32), (0.12, 0.30), (-0.75, 0.42))


@dataclass(frozen=True)
class Surface:
    """What the picture's points see of the head; float32 planes [H,W]."""

    x: np.ndarray  # object coordinates
    y: np.ndarray
    normal: tuple[np.ndarray, np.ndarray, np.ndarray]  # unit normal in camera axes
    smooth_normal: tuple[np.ndarray, np.ndarray, np.ndarray]  # the same without the height field
    outside: np.ndarray  # signed distance to the outline, negative inside, head units


class Head:
    """One person's head in one pose and expression."""

    def __init__(self, person: Person, circumstances: Circumstances):
        self.person, self.circumstances = person, circumstances
        self.half_width = person.half_width
        self.half_height = person.half_height + 0.035 * circumstances.mouth_open
        self.depth = person.depth
        self.sin_yaw, self.cos_yaw = sin(circumstances.yaw), cos(circumstances.yaw)
        self.sin_pitch, self.cos_pitch = sin(circumstances.pitch), cos(circumstances.pitch)
        self.axis = (self.sin_yaw * self.depth * _AXIS, self.sin_pitch * self.cos_yaw * self.depth * _AXIS)
        self._widths = (person.jaw, person.cheek, person.forehead)

    def _outline_width(self, y):
        """Return the relative width of the head at height y above the axis (plane or number)."""
        power = np.exp if isinstance(y, np.ndarray) else exp
        width = 1.0
        for amount, (middle, reach) in zip(self._widths, _ROWS, strict=True):
            t = (y - middle) * (1.0 / reach)
            width = width + amount * power(-(t * t))
        return width

    def project(self, x: float, y: float, lift: float = 0.0) -> tuple[float, float]:
        """Return where the face's point (x, y), raised by `lift` along z, appears in the head plane (X, Y)."""
        a, b, c = self.half_width, self.half_height, self.depth
        z = c * sqrt(max(1.0 - (x / a) ** 2 - (y / b) ** 2, 0.0)) + lift
        forward = -self.sin_yaw * x + self.cos_yaw * z
        across = self.cos_yaw * x + self.sin_yaw * z
        down = self.cos_pitch * y + self.sin_pitch * forward
        return self.axis[0] + (across - self.axis[0]) * self._outline_width(down - self.axis[1]), down

    def project_relief(self, points: np.ndarray, sink: np.ndarray) -> np.ndarray:
        """Return where the face's `points` [N,2] appear, each its `sink` [N] below the height field's top; [N,2]."""
        x, y = points.T.astype(np.float32)[:, None]
        lifts = relief_height(self.person, self.circumstances, x, y)[0] - sink
        return np.array(
            [self.project(*point, lift) for point, lift in zip(points.tolist(), lifts.tolist(), strict=True)]
        )

    def surface(self, plane_x: np.ndarray, plane_y: np.ndarray, frame: Frame) -> Surface:
        """Return what the points (plane_x, plane_y) of the head plane, neighboring pixels of the frame, see."""
        a, b, c = self.half_width, self.half_height, self.depth
        sy, cy, sp, cp = self.sin_yaw, self.cos_yaw, self.sin_pitch, self.cos_pitch
        across = (plane_x - self.axis[0]) / self._outline_width(plane_y - self.axis[1]) + self.axis[0]
        # ray: object point = origin(across, down) + t * direction, in units of the semi-axes
        dx, dy, dz = -sy * cp / a, -sp / b, cy * cp / c
        ox, oxy, oy, oz, ozy = cy / a, -sy * sp / a, cp / b, sy / c, cy * sp / c
        quadratic = dx * dx + dy * dy + dz * dz
        bx, by = ox * dx + oz * dz, oxy * dx + oy * dy + ozy * dz
        cxx, cxy, cyy = ox * ox + oz * oz, ox * oxy + oz * ozy, oxy * oxy + oy * oy + ozy * ozy
        qxx, qxy, qyy = cxx - bx * bx / quadratic, 2 * (cxy - bx * by / quadratic), cyy - by * by / quadratic

        def meet(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
            outline = u * (qxx * u + qxy * v) + (qyy * v) * v
            root = np.sqrt(np.maximum(1.0 - outline, 0.0)) * (quadratic**-0.5)
            t = root - (bx * u + by * v) * (1.0 / quadratic)
            return (a * ox) * u + (a * oxy) * v + (a * dx) * t, (b * oy) * v + (b * dy) * t, t, outline

        x, y, t, outline = meet(across, plane_y)
        z = (c * oz) * across + (c * ozy) * plane_y + (c * dz) * t
        smooth = self._normal(x, y, z)
        outside = (np.sqrt(outline) - 1.0) * (0.5 * (a + b))
        height = nose_height(self.person, x, y)
        x, y, _, _ = meet(across - sy * height, plane_y - (sp * cy) * height)
        height = relief_height(self.person, self.circumstances, x, y)
        x, y, _, _ = meet(across - sy * height, plane_y - (sp * cy) * height)
        return Surface(x, y, self._tilt(smooth, height, frame), smooth, outside)

    def _normal(self, x, y, z) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the ellipsoid's unit normals in camera axes."""
        nx, ny, nz = x * self.half_width**-2, y * self.half_height**-2, z * self.depth**-2
        forward = self.cos_yaw * nz - self.sin_yaw * nx
        across = self.cos_yaw * nx + self.sin_yaw * nz
        down, forward = (
            self.cos_pitch * ny + self.sin_pitch * forward,
            self.cos_pitch * forward - self.sin_pitch * ny,
        )
        scale = 1.0 / np.sqrt(across * across + down * down + forward * forward + 1e-6)
        return across * scale, down * scale, np.maximum(forward * scale, 0.0)

    @staticmethod
    def _tilt(normal, height: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the normals tilted by the slopes of the height field (central differences)."""
        slope_x, slope_y = np.zeros_like(height), np.zeros_like(height)
        np.subtract(height[:, 2:], height[:, :-2], out=slope_x[:, 1:-1])
        np.subtract(height[2:], height[:-2], out=slope_y[1:-1])
        nx, ny, nz = normal
        turn, tilt = frame.cos * 0.5 / frame.pixel, frame.sin * 0.5 / frame.pixel
        across = nx - (turn * slope_x + tilt * slope_y) * nz
        down = ny - (turn * slope_y - tilt * slope_x) * nz
        scale = 1.0 / np.sqrt(across * across + down * down + nz * nz + 1e-6)
        return across * scale, down * scale, nz * scale
