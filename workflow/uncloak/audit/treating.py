"""Embeddings of an audit's faces, as they are and as each defense treats them, in one go."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from uncloak.audit.detecting import NO_CHANNEL
from uncloak.audit.parts import PROBE
from uncloak.defenses.treated import treated


def embed_treated(
    faces: np.ndarray,
    keys: Mapping[str, np.ndarray],
    pictures: pd.DataFrame | None,
    treatments: Mapping[str, Mapping],
    embed: Callable[[np.ndarray], np.ndarray],
) -> dict[str, np.ndarray]:
    """Return arrays: embedding float32 [M,D], treatment, text [M], and what `keys` says of each face.

    Args:
        faces: uint8 [N,S,S,3].
        keys: name -> text [N]. Of `channel`, where it is there, each but "none" is a treatment of its own.
        pictures: columns folder, file and part, of a person's photographs; None for other people, who are all scraped.
        treatments: defense -> its `method` and `options`, and whether `probes` are treated, too.
        embed: faces -> embeddings float32 [N,D].
    """
    keys = dict(keys)
    channel = keys.pop("channel", np.full(len(faces), NO_CHANNEL))
    probe = np.zeros(len(faces), bool)
    if pictures is not None:
        parts = pictures.set_index(["folder", "file"])["part"]
        probe = np.array([parts[key] == PROBE for key in zip(keys["folder"], keys["file"], strict=True)])
    found = [(np.arange(len(faces)), channel, embed(faces))]
    for name, does in treatments.items():
        rows = np.flatnonzero((channel == NO_CHANNEL) & (does["probes"] | ~probe))
        found.append((rows, np.full(len(rows), name), embed(treated(faces[rows], does))))
    rows = np.concatenate([each for each, _, _ in found])
    return {
        "embedding": np.concatenate([each for _, _, each in found]),
        "treatment": np.concatenate([each for _, each, _ in found]),
        **{name: values[rows] for name, values in keys.items()},
    }
