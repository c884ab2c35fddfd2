"""A sample of the dataset: raw photographs with the landmarks found in them, and the aligned faces beneath."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.figures import theme
from uncloak.figures.images import Canvas, image_uri, thumbnail
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.names import identities_of, identity_of
from uncloak.pictures.reading import load_picture
from uncloak.seeds import generator
from uncloak.store import open_arrays, read_arrays, read_attributes

_SIZE = 112
_STEP = 118
_BLOCK = 2 * _STEP + 14
_LABELS_WIDTH = 132
_LABEL_LETTERS = 18
# Photographs are kept at twice their drawn size, for sharp pixel pictures.
_DENSITY = 2
_MARKER = {"size": 26, "filled": True, "opacity": 1, "color": "#ffffff", "stroke": "#d55e00", "strokeWidth": 1.4}
PEOPLE, PICTURES = 3, 6


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw some pictures of a few people."""
    [stored] = given.files["faces"]
    pictures, landmarks = read_arrays(stored, "picture", "landmarks")
    identities = identities_of(pictures)
    people = generator(given.seed, "picture sample").permutation(np.unique(identities))[:PEOPLE]
    rows = np.sort(np.concatenate([np.flatnonzero(identities == name)[:PICTURES] for name in people]))
    with open_arrays(stored) as file:
        faces = file["faces"][rows]
    known = read_attributes(stored)["share_known"]
    manifest = read_manifest(given.files["manifest"][0]).set_index("picture").loc[pictures[rows]]
    photographs = [load_picture(Path(given.told["root"], path)) for path in manifest["path"]]
    subtitle = (
        f"Raw photographs with the landmarks found in them, and the aligned faces beneath. "
        f"Dataset: {given.told['dataset_label']}, {len(np.unique(identities))} identities, {len(pictures)} pictures. "
        f"{known:.1%} of the faces were missed by the detector and aligned by their known landmarks. "
        f"Seed {given.seed}."
    )
    chart = picture_sample(pictures[rows], photographs, landmarks[rows], faces, given.told["title"], subtitle)
    return chart, manifest.reset_index()


def picture_sample(
    pictures: Sequence[str],
    photographs: Sequence[np.ndarray],
    landmarks: np.ndarray,
    faces: np.ndarray,
    title: str,
    subtitle: str,
) -> alt.LayerChart:
    """Draw photographs and their aligned faces, one block of two rows per identity.

    Args:
        pictures: ids of N pictures, "identity/stem"; identities are drawn in the order of their first picture.
        photographs: N raw photographs, uint8 [H,W,3], of any sizes.
        landmarks: float32 [N,5,2], x and y in pixels of the photograph; NaN where there are none (aligned datasets).
        faces: their aligned faces, uint8 [N,S,S,3].
        title: the figure's title.
        subtitle: what is shown, dataset, seed; wrapped to the figure's width.

    Raises InputError where there is nothing to draw or the numbers of pictures differ.
    """
    if not len(pictures) or not len(pictures) == len(photographs) == len(landmarks) == len(faces):
        raise InputError(
            f"sample of pictures: {len(pictures)} ids, {len(photographs)} photographs, {len(landmarks)} sets of"
            f" landmarks, {len(faces)} faces; give one of each for at least one picture"
        )
    identities = list(dict.fromkeys(map(identity_of, pictures)))
    drawn = dict.fromkeys(identities, 0)
    images, points = [], []
    for picture, photograph, marks, face in zip(pictures, photographs, landmarks, faces, strict=True):
        identity = identity_of(picture)
        x, y = _LABELS_WIDTH + drawn[identity] * _STEP, identities.index(identity) * _BLOCK
        drawn[identity] += 1
        square, scale, corner = thumbnail(photograph, _DENSITY * _SIZE)
        common = {"picture": picture, "pixels": f"{photograph.shape[1]} x {photograph.shape[0]}"}
        images.append({**common, "x": x, "y": y, "kind": "photograph", "url": image_uri(square, "jpeg")})
        images.append({**common, "x": x, "y": y + _STEP, "kind": "aligned face", "url": image_uri(face)})
        places = (np.asarray(marks, dtype=np.float64) * scale + corner) / _DENSITY + (x, y)
        points += [{"x": float(px), "y": float(py)} for px, py in places if np.isfinite(px + py)]
    names = [
        {
            "x": _LABELS_WIDTH - 12,
            "y": row * _BLOCK + _STEP,
            "text": textwrap.wrap(identity.replace("_", " "), _LABEL_LETTERS),
        }
        for row, identity in enumerate(identities)
    ]

    width = _LABELS_WIDTH + max(drawn.values()) * _STEP
    canvas = Canvas(width, len(identities) * _BLOCK)
    tooltip = [alt.Tooltip("kind:N"), alt.Tooltip("picture:N"), alt.Tooltip("pixels:N", title="photograph's pixels")]
    canvas.images(pd.DataFrame(images), _SIZE, tooltip)
    if points:
        canvas.points(pd.DataFrame(points), **_MARKER)
    canvas.texts(pd.DataFrame(names), align="right")
    return canvas.chart(title, theme.wrapped(subtitle, width))
