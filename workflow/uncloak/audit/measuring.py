"""How many of a person's probes are recognized: alone at a threshold, and as one among a crowd."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from uncloak.audit.listing import CLEAN
from uncloak.audit.parts import GALLERY, NO_CLOAK, POSTED, PROBE, UNPROTECTED
from uncloak.audit.thresholds import Calibrated
from uncloak.errors import InputError
from uncloak.recognition.distances import points, squared_distances
from uncloak.seeds import generator

RANKS = (1, 10)
NO_TREATMENT = "none"
MEASURED = ["treatment", "cloak", "unprotected", "setting", "false_accept_rate", "rank", "distractors"]
MEASURED += ["found", "probes", "low", "high", "gallery"]


@dataclass(frozen=True)
class Embedded:
    """Embeddings of one extractor: embedding float32 [N,D], and of each the folder, file and treatment, text [N]."""

    embedding: np.ndarray
    folder: np.ndarray
    file: np.ndarray
    treatment: np.ndarray

    def rows(self, pictures: pd.DataFrame, treatment: str) -> np.ndarray:
        """Return the embeddings [K,D] of pictures (columns folder and file), treated so; else as they are."""
        known = {key: row for row, key in enumerate(zip(self.folder, self.file, self.treatment, strict=True))}
        found = []
        for folder, file in zip(pictures["folder"], pictures["file"], strict=True):
            row = known.get((folder, file, treatment), known.get((folder, file, NO_TREATMENT)))
            if row is None:
                raise InputError(f"audit: has no embedding of {folder}/{file}; delete its folder and run again")
            found.append(row)
        return self.embedding[found]


@dataclass(frozen=True)
class Crowd:
    """Other people: treatment -> embedding float32 [M,D] ("none" among them), and identity, text [M]."""

    embeddings: Mapping[str, np.ndarray]
    identity: np.ndarray

    def without(self, left_out: set[str]) -> "Crowd":
        """Return the crowd less some identities."""
        kept = ~np.isin(self.identity, list(left_out))
        return Crowd({name: rows[kept] for name, rows in self.embeddings.items()}, self.identity[kept])


def measure(
    pictures: pd.DataFrame,
    embedded: Embedded,
    treatments: Sequence[str],
    thresholds: Calibrated | None,
    crowd: Crowd | None,
    *,
    metric: str,
    missing: str,
    unprotected: Sequence[int],
    seed: int,
) -> pd.DataFrame:
    """Count the probes that one extractor finds, by cloak, treatment and number of unprotected pictures.

    A probe is found *open* where a posted picture lies within the threshold, and *closed* at rank k where fewer than k
    people of the crowd are nearer than the nearest posted picture; with distractors the crowd is whole, without, it is
    a half of its people, drawn.

    Which clean pictures are posted beside the cloaked ones is left to chance: a probe counts as found where at least
    half of all choices of so many gallery pictures find it.

    Args:
        pictures: as `uncloak.audit.pictures.Audited.table`.
        embedded: of the pictures used.
        treatments: what is measured, "none" among them; through channels only what is posted goes.
        thresholds: of the extractor; None where there are none.
        crowd: without the person; None where there is none.
        metric: "euclidean" or "cosine".
        missing: "unprotected": gallery pictures without a cloaked one are posted as they are; "drop": not at all.
        unprotected: numbers of clean pictures posted beside the cloaked ones, besides none.
        seed: draws the half of the crowd.

    Returns columns `MEASURED`: `low` and `high` are the 95 % interval of the share found, Clopper and Pearson's over
    the probes; `gallery` is the number of the person's pictures that are posted.
    """
    probes = pictures[pictures["part"] == PROBE]
    gallery = pictures[(pictures["folder"] == CLEAN) & (pictures["part"] == GALLERY)]
    cloaks = pictures.loc[pictures["part"] == POSTED, "cloak"].unique().tolist()
    half = _half(crowd, seed) if crowd else None
    rows = []
    for treatment in treatments:
        asked = points(embedded.rows(probes, treatment), metric)
        clean = _distances(asked, embedded.rows(gallery, treatment), metric)
        rivals = _rivals(asked, crowd, half, treatment, metric) if crowd else {}
        for cloak in [NO_CLOAK, *cloaks]:
            own = pictures[(pictures["part"] == POSTED) & (pictures["cloak"] == cloak)]
            bare = gallery if cloak == NO_CLOAK else gallery[~gallery["pair"].isin(own["pair"])]
            posted = own if cloak != NO_CLOAK and missing != UNPROTECTED else pd.concat([own, bare])
            near = _distances(asked, embedded.rows(posted, treatment), metric)
            more = [0, *(count for count in unprotected if cloak != NO_CLOAK and 0 < count <= len(gallery))]
            for setting, hits, would in _hits(near, clean, thresholds, rivals):
                for count in more:
                    found = hits | (_chance(would, count) >= 0.5)
                    low, high = binomtest(int(found.sum()), len(found)).proportion_ci(method="exact")
                    counted = (int(found.sum()), len(found), low, high, len(posted) + count)
                    rows.append((treatment, cloak, count, *setting, *counted))
    return pd.DataFrame(rows, columns=MEASURED)


def _distances(asked: np.ndarray, faces: np.ndarray, metric: str) -> np.ndarray:
    """Return distances, float64 [P,K]."""
    return np.sqrt(squared_distances(asked, points(faces, metric)))


def _hits(
    near: np.ndarray, clean: np.ndarray, thresholds: Calibrated | None, rivals: Mapping[bool, np.ndarray]
) -> Iterator[tuple[tuple, np.ndarray, np.ndarray]]:
    """Yield settings, the probes found by what is posted, bool [P], and by each clean picture, bool [P,K]."""
    for rate, distance in (thresholds.distances if thresholds else {}).items():
        yield ("open", rate, np.nan, False), (near < distance).any(axis=1), clean < distance
    for distractors, distances in rivals.items():
        for rank in RANKS:
            if rank <= distances.shape[1]:
                limit = distances[:, [rank - 1]]
                yield ("closed", np.nan, rank, distractors), (near <= limit).any(axis=1), clean <= limit


def _rivals(asked: np.ndarray, crowd: Crowd, half: np.ndarray, treatment: str, metric: str) -> dict[bool, np.ndarray]:
    """Return, without and with distractors, each probe's distances to the nearest people of the crowd, ascending."""
    faces = crowd.embeddings.get(treatment, crowd.embeddings[NO_TREATMENT])
    distances = _distances(asked, faces, metric)
    names, owners = np.unique(crowd.identity, return_inverse=True)
    nearest = np.full((len(asked), len(names)), np.inf)
    for face, owner in enumerate(owners):
        nearest[:, owner] = np.minimum(nearest[:, owner], distances[:, face])
    return {False: np.sort(nearest[:, np.isin(names, half)], axis=1), True: np.sort(nearest, axis=1)}


def _half(crowd: Crowd, seed: int) -> np.ndarray:
    names = np.unique(crowd.identity)
    return generator(seed, "audit distractors").permutation(names)[: -(-len(names) // 2)]


def _chance(would: np.ndarray, count: int) -> np.ndarray:
    """Return with which chance at least one of `count` drawn pictures is among those that find a probe; [P]."""
    total = would.shape[1]
    return np.array([1 - comb(total - each, count) / comb(total, count) for each in would.sum(axis=1).tolist()])
