"""Where the crops lie that networks expect: the five points of a face fix them all, less its rotation.

All crops are told as boxes in the *standard* crop, ArcFace's of 112 x 112 pixels, whose edges are 0 and 112 on both
axes; a box may reach beyond it. Points are (x, y) in pixels of a crop, whole numbers being pixel centers: the point p
of the standard crop lies p + 0.5 from its edges.
"""

from collections.abc import Sequence
from typing import NamedTuple

STANDARD = 112
# ArcFace's (arXiv 1801.07698), as released by insightface; attacks.md 4.6.
POINTS = (
    (38.29459953, 51.69630051),
    (73.53179932, 51.50139999),
    (56.02519989, 71.73660278),
    (41.54930115, 92.36550140),
    (70.72990036, 92.20410156),
)
# Where MTCNN's points lie in dlib's own 150 x 150 chips (padding 0.25), medians; see resources/README.md.
_DLIB = ((48.46, 46.49), (102.62, 46.20), (74.62, 79.19), (52.03, 106.89), (98.84, 106.73))
# The box of MTCNN (facenet-pytorch's weights) around the face that these are the points of: medians over the 2437
# photographs of the 119 people of LFW with the most. From the 5th to the 95th percentile its left and right edges move
# by 12 pixels to either side, most of it the head's turning; its top and bottom by 7 and 4.
_MTCNN = (15.6, 11.3, 93.9, 116.4)
_MOST_MISSED = 5.0


class Box(NamedTuple):
    """Edges of a crop, in pixels of the standard crop."""

    left: float
    top: float
    right: float
    bottom: float

    def beyond(self) -> float:
        """Return how far the box reaches beyond the standard crop, at its farthest; below 0 where it stays inside."""
        return max(-self.left, -self.top, self.right - STANDARD, self.bottom - STANDARD)


class UnfitCrop(ValueError):
    """A crop that is no crop of a face: what is wrong, and what to do."""


def around(margin: float) -> Box:
    """Return the standard crop with `margin` more of its pixels on each side."""
    return Box(-margin, -margin, STANDARD + margin, STANDARD + margin)


def fitted(points: Sequence[Sequence[float]], height: int, width: int) -> Box:
    """Return the crop of `height` x `width` pixels in which the five points of a face lie nearest to `points`.

    Least squares over scale and shift: the crops that photographs are aligned to differ in these alone (dlib's points
    are missed by 1.1 pixels of the standard crop, a rotation of 0.3 degrees among them). Raises UnfitCrop where points
    are missed by more than 5 on average (root of the mean square): they are not those of an upright face.
    """
    # Their published decimals, with which this library's numbers were measured.
    source = [[round(value, 4) for value in point] for point in POINTS]
    (x, y), (u, v) = (tuple(sum(axis) / len(axis) for axis in zip(*each, strict=True)) for each in (source, points))
    pairs = [(a - x, b - y, c - u, d - v) for (a, b), (c, d) in zip(source, points, strict=True)]
    spread = sum(a * a + b * b for a, b, _, _ in pairs)
    scale = sum(a * c + b * d for a, b, c, d in pairs) / spread
    missed = sum((c - scale * a) ** 2 + (d - scale * b) ** 2 for a, b, c, d in pairs) / len(pairs)
    if not scale > 0 or missed > (_MOST_MISSED * scale) ** 2:
        raise UnfitCrop(
            "its points are not those of an upright face; give left eye, right eye, nose, left and right corner of the"
            " mouth as [x, y], left being the viewer's"
        )
    left, top = ((-0.5 - there) / scale + here + 0.5 for here, there in ((x, u), (y, v)))
    return Box(left, top, left + width / scale, top + height / scale)


# Template -> height and width of its crop (or None: it is stretched to any shape), and where the crop lies.
TEMPLATES: dict[str, tuple[tuple[int, int] | None, Box]] = {
    "arcface": ((112, 112), Box(0.0, 0.0, 112.0, 112.0)),
    "arcface_112x96": ((112, 96), Box(8.0, 0.0, 104.0, 112.0)),
    "dlib": ((150, 150), fitted(_DLIB, 150, 150)),
    "mtcnn_box": (None, Box(*_MTCNN)),
}


def seen(
    size: Sequence[int],
    template: str | Sequence[Sequence[float]] | None = None,
    box: Sequence[float] | None = None,
    margin: int = 0,
) -> Box:
    """Return the crop that a network sees.

    Args:
        size: height and width of the network's input in pixels.
        template: one of `TEMPLATES`, or the five points in pixels of the input.
        box: edges (left, top, right, bottom) in pixels of the standard crop, instead of a template; it is stretched to
            the input's shape.
        margin: how many of the input's pixels, both sides together, lie beyond that crop, which fills the others:
            what facenet-pytorch calls so.

    Raises UnfitCrop where there is not one of template and box, the template is unknown or of another shape than the
    input, the points are not a face's, the box is empty, or the margin leaves nothing of the input.
    """
    height, width = size
    if (template is None) == (box is None):
        raise UnfitCrop("has both a template and a box; remove one" if box else "has no template; add it, or a box")
    if not 0 <= margin < min(size):
        raise UnfitCrop(f"margin {margin} leaves nothing of {height} x {width} pixels; lower it")
    if box is not None:
        found = Box(*box)
        if not (found.left < found.right and found.top < found.bottom):
            raise UnfitCrop(f"box {list(box)} is empty; give left, top, right and bottom edge")
    elif isinstance(template, str):
        if template not in TEMPLATES:
            raise UnfitCrop(f"unknown template '{template}'; use one of {', '.join(TEMPLATES)}")
        shape, found = TEMPLATES[template]
        if shape and height * shape[1] != width * shape[0]:
            raise UnfitCrop(
                f"size [{height}, {width}] has another shape than the {shape[0]} x {shape[1]} crop of '{template}';"
                " give both the same"
            )
    elif margin:
        raise UnfitCrop("points say where the crop lies, so it has no margin; remove one")
    else:
        return fitted(template, height, width)
    wide, high = (
        (side[1] - side[0]) * margin / (length - margin) / 2
        for side, length in ((found[::2], width), (found[1::2], height))
    )
    return Box(found.left - wide, found.top - high, found.right + wide, found.bottom + high)
