"""What the perturbations look like: clean faces, perturbed faces, and their difference, amplified."""

import textwrap
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from uncloak.attacks.preparation import prepare
from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.figures import theme
from uncloak.figures.images import Canvas, image_uri
from uncloak.pictures.names import identity_of
from uncloak.pictures.stored import read_faces, read_shown
from uncloak.records.attacks import Preparation
from uncloak.store import read_arrays

AMPLIFICATION = 4

_SIZE = 96
_STEP = 100
_ROW_GAP = 12
_LABELS_WIDTH = 156
_CAPTION_HEIGHT = 20
_LETTERS = 24
PEOPLE = 8


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw one face each of a few users, as aligned and as posted."""
    each = [dict(zip(*map(list, read_shown(path)), strict=True)) for path in given.files["perturbed"]]
    posted = [picture for picture in each[0] if all(shown[picture] == picture for shown in each)]
    by_user = {identity_of(picture): picture for picture in sorted(posted, reverse=True)}
    shown = sorted(by_user.values())[:PEOPLE]
    clean = read_faces(given.files["faces"][0], shown)
    perturbed, dssim, mean_dssim = {}, {}, {}
    for label, path in zip(given.told["labels"], given.files["perturbed"], strict=True):
        faces = read_faces(path, shown)
        # An attack may work on faces of another size.
        perturbed[label] = faces if faces.shape == clean.shape else prepare(faces, Preparation(size=clean.shape[1]))
        pictures, measured = read_arrays(path, "picture", "dssim")
        dssim[label], mean_dssim[label] = pd.Series(measured, pictures)[shown].to_numpy(), float(measured.mean())
    subtitle = (
        f"One gallery face of {len(shown)} users each, as aligned and as posted (8 bit). "
        f"Dataset: {given.told['dataset_label']}. Seed {given.seed}."
    )
    chart = contact_sheet(clean, perturbed, shown, dssim, mean_dssim, given.told["title"], subtitle)
    return chart, contact_table(clean, perturbed, shown, dssim)


def amplified_difference(clean: np.ndarray, perturbed: np.ndarray, factor: int = AMPLIFICATION) -> np.ndarray:
    """Return mid gray + factor * (perturbed - clean) as uint8, clipped; all arrays uint8 of one shape."""
    change = perturbed.astype(np.int32) - clean.astype(np.int32)
    return np.clip(128 + factor * change, 0, 255).astype(np.uint8)


def contact_table(
    clean: np.ndarray, perturbed: Mapping[str, np.ndarray], pictures: Sequence[str], dssim: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Tell how much each attack changed each picture.

    Args:
        clean: faces, uint8 [K,S,S,3].
        perturbed: the same faces under each attack (label -> uint8 [K,S,S,3]).
        pictures: their K ids.
        dssim: their DSSIM under each attack (label -> [K]).

    Returns one row per (attack, picture): `attack_label`, `picture`, `dssim`, `largest_change` and `rms_change` (both
    in gray levels, 0..255).

    Raises InputError where the numbers of pictures, the shapes or the types differ.
    """
    if clean.dtype != np.uint8 or clean.ndim != 4 or len(clean) != len(pictures) or not len(clean):
        raise InputError(f"contact sheet: clean faces are {clean.dtype} {clean.shape} for {len(pictures)} pictures")
    tables = []
    for label, faces in perturbed.items():
        if faces.dtype != np.uint8 or faces.shape != clean.shape or len(dssim.get(label, ())) != len(clean):
            raise InputError(f"contact sheet: '{label}' needs uint8 faces {clean.shape} and one DSSIM for each")
        change = (faces.astype(np.float64) - clean).reshape(len(clean), -1)
        tables.append(
            pd.DataFrame(
                {
                    "attack_label": label,
                    "picture": list(pictures),
                    "dssim": np.asarray(dssim[label], dtype=np.float64),
                    "largest_change": np.abs(change).max(axis=1).astype(int),
                    "rms_change": np.sqrt((change**2).mean(axis=1)),
                }
            )
        )
    if not tables:
        raise InputError("contact sheet: no attack to show; name one in run.attacks")
    return pd.concat(tables, ignore_index=True)


def contact_sheet(
    clean: np.ndarray,
    perturbed: Mapping[str, np.ndarray],
    pictures: Sequence[str],
    dssim: Mapping[str, np.ndarray],
    mean_dssim: Mapping[str, float],
    title: str,
    subtitle: str,
    factor: int = AMPLIFICATION,
) -> alt.LayerChart:
    """Draw faces in columns: clean, and for each attack the perturbed faces and the amplified difference.

    Args:
        clean, perturbed, pictures, dssim: as for `contact_table`.
        mean_dssim: each attack's mean DSSIM over all its pictures (label -> value), written beside its row.
        title: the figure's title.
        subtitle: dataset, settings, seed; wrapped to the figure's width.
        factor: the amplification of the difference; mid gray is no change.

    Raises InputError as `contact_table` does.
    """
    table = contact_table(clean, perturbed, pictures, dssim)
    images, labels = [], []
    y = _CAPTION_HEIGHT
    rows = [("clean", ["clean"], clean, None)]
    for label, faces in perturbed.items():
        changes = table[table["attack_label"] == label]
        rows.append((label, [*textwrap.wrap(label, _LETTERS), f"mean DSSIM {mean_dssim[label]:.3f}"], faces, changes))
        difference = amplified_difference(clean, faces, factor)
        rows.append((f"{label}: difference", ["difference", f"x {factor}, gray: none"], difference, changes))
    for number, (name, lines, faces, changes) in enumerate(rows):
        # An attack's two rows stand together.
        y += _ROW_GAP if number % 2 else 0
        labels.append({"x": _LABELS_WIDTH - 12, "y": y + _SIZE / 2 - 8 * (len(lines) - 1), "text": lines})
        for column, face in enumerate(faces):
            place = {"x": _LABELS_WIDTH + column * _STEP, "y": y, "url": image_uri(face), "row": name}
            measures = {} if changes is None else changes.iloc[column].drop("attack_label").to_dict()
            images.append({**place, "picture": pictures[column], **measures})
        y += _STEP
    identities = [identity_of(picture).replace("_", " ") for picture in pictures]
    captions = [
        {"x": _LABELS_WIDTH + column * _STEP + _SIZE / 2, "y": _CAPTION_HEIGHT / 2, "text": identity}
        for column, identity in enumerate(identities)
    ]

    width = _LABELS_WIDTH + len(pictures) * _STEP
    canvas = Canvas(width, y)
    tooltip = [
        alt.Tooltip("row:N"),
        alt.Tooltip("picture:N"),
        alt.Tooltip("dssim:Q", title="DSSIM", format=".4f"),
        alt.Tooltip("largest_change:Q", title="largest change (of 255)"),
        alt.Tooltip("rms_change:Q", title="RMS change (of 255)", format=".2f"),
    ]
    canvas.images(pd.DataFrame(images), _SIZE, tooltip)
    canvas.texts(pd.DataFrame(labels), align="right")
    canvas.texts(pd.DataFrame(captions), align="center", fontSize=theme.LABEL_SIZE, limit=_SIZE)
    return canvas.chart(title, theme.wrapped(subtitle, width))
