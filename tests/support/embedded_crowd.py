"""A small crowd with embeddings, and recognition of it written out face by face."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.recognition.embeddings import Embeddings

GALLERY, PROBES = 5, 4
# Names whose order is not that of the roles.
ROLES = {
    **{"m": "user", "c": "user", "x": "user", "p": "user"},
    **{"a": "public", "z": "other", "d": "detector", "n": "other", "o": "other", "b": "public", "y": "other"},
    **{"k": "background"},
}
USERS = ["c", "m", "p", "x"]
ATTACKS = ["fawkes", "lowkey"]
SHARES = {"fawkes": {}, "lowkey": {}, "half": {"fawkes": 0.5, "lowkey": 0.5}}


def make_split() -> pd.DataFrame:
    """Return a split of the crowd."""
    return pd.DataFrame(
        [
            (f"{name}/{k}", name, "gallery" if k < GALLERY else "probe", role)
            for name, role in ROLES.items()
            for k in range(GALLERY + PROBES)
        ],
        columns=["picture", "identity", "part", "role"],
    )


def posted_pictures(split: pd.DataFrame) -> list[str]:
    """Return the users' gallery pictures."""
    return sorted(split.loc[(split["role"] == "user") & (split["part"] == "gallery"), "picture"])


def clusters(split: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """Return embeddings about a center per identity, so wide that many probes are mistaken."""
    centers = {name: random.standard_normal(6) for name in ROLES}
    return np.float32([centers[name] + random.standard_normal(6) for name in split["identity"]])


def lattice(split: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """Return whole numbers about a center per identity: many are equally far from each other, exactly."""
    centers = {name: random.integers(0, 3, 4) for name in ROLES}
    return np.float32([centers[name] + random.integers(1, 4, 4) for name in split["identity"]])


def make_embeddings(make, seed: int) -> tuple[Embeddings, dict[str, Embeddings]]:
    """Return one extractor's embeddings of the clean faces, and by attack those of the users' perturbed ones."""
    random, split = np.random.default_rng(seed), make_split()
    clean = Embeddings(make(split, random), split["picture"], "clean")
    posted = posted_pictures(split)
    made = {attack: Embeddings(make(split, random)[: len(posted)], posted, attack) for attack in ATTACKS}
    return clean, made


def nearest(probe: np.ndarray, faces: Mapping[tuple[str, str], np.ndarray]) -> tuple[float, str, str]:
    """Return (squared distance, identity, picture) of the nearest face; of equally near ones the first by name."""
    return min(
        (float(((face.astype(np.float64) - probe.astype(np.float64)) ** 2).sum()), *name)
        for name, face in faces.items()
    )


def clean_gallery(split: pd.DataFrame, clean: Embeddings) -> dict[tuple[str, str], np.ndarray]:
    """Return the clean gallery faces by identity and picture, without background identities."""
    rows = split[(split["part"] == "gallery") & (split["role"] != "background")]
    return {(row.identity, row.picture): clean.rows([row.picture])[0] for row in rows.itertuples()}


def probes_of(split: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the probes of these identities."""
    return list(split.loc[(split["part"] == "probe") & split["identity"].isin(names), "picture"])
