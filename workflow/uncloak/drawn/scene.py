"""The photograph of a person in its circumstances, and the same scene drawn as an aligned face."""

from math import cos, sin

import numpy as np

from uncloak.crops import STANDARD
from uncloak.drawn import accessories, backdrop, camera, eyes, hair, mouth, skin
from uncloak.drawn.brush import soft
from uncloak.drawn.frame import Frame
from uncloak.drawn.head import Head
from uncloak.drawn.identity import Person
from uncloak.drawn.light import Light
from uncloak.drawn.nuisance import Circumstances
from uncloak.errors import InputError

_SMALLEST = 16
# Pixels per head unit of an average 64 pixel face: the scale at which `Circumstances.blur` is given.
_BLUR_SCALE = 32.0
# Where detectors see the points (measured with MTCNN): the nose below its tip, in head units along z; the eyes and the
# mouth's corners nearer to the middle than they are, as shares of their distance from it; and all of them a little to
# the right in the picture (mirroring it changes nothing), in head units.
_TIP_SINK = 0.14
_EYE_SHARE = 0.975
_CORNER_SHARE = 0.94
_SHIFT = 0.019


def _landmarks(head: Head) -> np.ndarray:
    """Return the five points [5,2] in the head plane, in the order seen in the picture."""
    person = head.person
    corner_x, corner_y = mouth.mouth_corner(person, head.circumstances)
    corner_x *= _CORNER_SHARE
    eye_x = _EYE_SHARE * person.eye_x
    points = np.array(
        [
            (-eye_x, person.eye_y),
            (eye_x, person.eye_y),
            (0.0, person.nose_y),
            (-corner_x, corner_y),
            (corner_x, corner_y),
        ]
    )
    right = np.array([cos(head.circumstances.roll), -sin(head.circumstances.roll)])
    return head.project_relief(points, np.array([0.0, 0.0, _TIP_SINK, 0.0, 0.0])) + _SHIFT * right


def _paint_head(head: Head, light: Light, frame: Frame, canvas: np.ndarray) -> None:
    person, circumstances = head.person, head.circumstances
    reach = head.half_width + 0.30
    low = max(1.35, person.hair_length + 0.1)
    window = frame.window(-reach, reach, -head.half_height - 0.42, low)
    if window is None:
        return
    x, y = plane = frame.plane(*window)
    surface = head.surface(x, y, frame)
    albedo = skin.paint(person, circumstances, surface.x, surface.y)
    gloss = np.full_like(surface.x, person.oil)
    mouth.paint_nostrils(person, albedo, surface.x, surface.y, frame.pixel)
    mouth.paint_beard(person, circumstances, albedo, surface.x, surface.y, frame.pixel)
    mouth.paint_mouth(person, circumstances, albedo, gloss, surface.x, surface.y, frame.pixel)
    eyes.paint_eyes(person, circumstances, albedo, gloss, surface.x, surface.y, frame.pixel)
    eyes.paint_brows(person, circumstances, albedo, surface.x, surface.y, frame.pixel)
    lit = light.on_skin(surface.normal)
    lit *= 1.0 - hair.shadow(head, surface)
    albedo *= lit
    albedo += gloss * light.gloss(surface.normal)
    part = canvas[:, *window]
    part += soft(surface.outside, 1.3 * frame.pixel) * (albedo - part)
    accessories.paint_glasses(head, surface, light, plane, frame, part)
    hair.paint_over(head, surface, light, plane, frame, part)
    accessories.paint_hat(head, surface, light, plane, frame, part)


def _draw(head: Head, frame: Frame) -> np.ndarray:
    """Return the scene in this frame, linear light float32 [3,S,S]."""
    light = Light.of(head.circumstances)
    canvas = backdrop.paint_backdrop(head, frame)
    hair.paint_behind(head, light, frame, canvas)
    backdrop.paint_body(head, light, frame, canvas)
    hair.paint_ears(head, light, frame, canvas)
    _paint_head(head, light, frame, canvas)
    accessories.paint_occluder(head, light, frame, canvas)
    return canvas


def _check(size: int) -> None:
    if size < _SMALLEST:
        raise InputError(f"size {size}: a synthetic picture needs at least {_SMALLEST} pixels a side")


def photograph(person: Person, circumstances: Circumstances, size: int = 224) -> tuple[np.ndarray, np.ndarray]:
    """Return the photograph uint8 [size,size,3] RGB and its five landmarks float32 [5,2].

    Landmarks are (x, y) in pixels, pixel centers at whole numbers: the eye on the picture's left, the one on its right,
    the nose tip, the mouth corner on the picture's left and the one on its right. Raises InputError if size < 16.
    """
    _check(size)
    head = Head(person, circumstances)
    scale = circumstances.face_share * size / (2.0 * head.half_width)
    center = (circumstances.face_x * size - 0.5, circumstances.face_y * size - 0.5)
    frame = Frame.placed(size, scale, circumstances.roll, center)
    landmarks = frame.pixels(_landmarks(head)).astype(np.float32)
    blur = circumstances.blur * scale / _BLUR_SCALE
    return camera.develop(_draw(head, frame), circumstances, blur, "photograph"), landmarks


def face(
    person: Person, circumstances: Circumstances, size: int = 64, jitter: float = 0.05, margin: int = 0
) -> np.ndarray:
    """Return the aligned face uint8 [size,size,3] RGB of the photograph's scene.

    The five landmarks, each moved by the picture's own normal error of standard deviation `jitter` eye distances per
    axis (a detector's error), are brought to the template of attacks.md 4.6 with this margin (`landmarks.template`).
    Raises InputError if size < 16.
    """
    _check(size)
    head = Head(person, circumstances)
    points = _landmarks(head)
    if jitter:
        eye_distance = float(np.hypot(*(points[1] - points[0])))
        points = points + jitter * eye_distance * np.asarray(circumstances.detector_error)
    frame = Frame.aligned(size, points, margin)
    blur = circumstances.blur * size / 64 * (STANDARD / (STANDARD + 2 * margin))
    return camera.develop(_draw(head, frame), circumstances, blur, "face")
