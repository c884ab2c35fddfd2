"""The cloak to look at: clean and cloaked faces side by side, and what the cloak changed, as images in the page."""

import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from uncloak.audit.page.findings import NONE
from uncloak.figures.images import image_uri
from uncloak.store import read_arrays

PAIRS_SHOWN = 4
# What the cloak changed is shown this many times stronger around middle gray.
STRONGER = 8


class Pair(NamedTuple):
    """A face before and after the cloak, with the change made visible (data URIs), and how much it changed."""

    file: str
    clean: str
    cloaked: str
    change: str
    dssim: float
    largest_change: float


class Shown(NamedTuple):
    """How visible a cloak is: pairs from the least to the most changed, and medians and maxima over all its pairs."""

    pairs: list[Pair]
    number: int
    dssim: float
    largest_dssim: float
    change: float
    largest_change: float


def visible(pictures: pd.DataFrame, faces: str | os.PathLike, cloaks: list[str]) -> dict[str, Shown]:
    """Return how visible each cloak is that has pictures beside their originals.

    Args:
        pictures: the audit's table of pictures.
        faces: HDF5 file of `faces` uint8 [N,S,S,3], and of each the `folder`, the `file` and the `channel` [N] it went
            through, "none" being as it is.
        cloaks: their names.

    Raises InputError where the file of faces is missing or damaged.
    """
    measured = pictures[pictures["dssim"].notna() & pictures["cloak"].isin(cloaks)]
    images, folders, files, channels = read_arrays(faces, "faces", "folder", "file", "channel")
    keys = zip(folders.tolist(), files.tolist(), channels.tolist(), strict=True)
    place = {key[:2]: index for index, key in enumerate(keys) if key[2] == NONE}
    clean = pictures[(pictures["folder"] == "clean") & (pictures["pair"] != "")]
    originals = dict(zip(clean["pair"], clean["file"], strict=True))
    found = {}
    for cloak, rows in measured.groupby("cloak", sort=False):
        rows = rows.sort_values(["dssim", "file"], kind="stable")
        have = [
            (row, place["clean", originals[row.pair]], place[row.folder, row.file])
            for row in rows.itertuples()
            if ("clean", originals.get(row.pair)) in place and (row.folder, row.file) in place
        ]
        chosen = sorted({round(index) for index in np.linspace(0, len(have) - 1, PAIRS_SHOWN)}) if have else []
        found[cloak] = Shown(
            [_pair(*have[index], images) for index in chosen],
            len(rows),
            rows["dssim"].median(),
            rows["dssim"].max(),
            rows["largest_change"].median(),
            rows["largest_change"].max(),
        )
    return found


def _pair(row, before: int, after: int, images: np.ndarray) -> Pair:
    clean, cloaked = images[before], images[after]
    change = 128 + STRONGER * (cloaked.astype(np.int16) - clean.astype(np.int16))
    pictures = (clean, cloaked, np.clip(change, 0, 255).astype(np.uint8))
    return Pair(row.file, *map(image_uri, pictures), row.dssim, row.largest_change)
