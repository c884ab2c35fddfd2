"""A small split, and embeddings that are hard to tell apart, for the tests of recognition."""

import numpy as np
import pandas as pd

from uncloak.recognition.embeddings import Embeddings

IDENTITIES, GALLERY, PROBES, USERS = 14, 5, 4, 5
ROLES = ["user"] * USERS + ["public", "public", "detector"] + ["other"] * 3 + ["distractor"] + ["background"] * 2
# Faces as posted; those of attack "none" are clean faces after a channel.
ATTACKS = [("lowkey", "png"), ("fawkes", "png"), ("fawkes", "jpeg-75"), ("lowkey", "blur"), ("none", "jpeg-75")]
POSTINGS = [("none", "png"), ("none", "jpeg-75")]
POSTINGS += [("fawkes", "jpeg-75"), ("fawkes", "png"), ("lowkey", "blur"), ("lowkey", "png")]


def make_split() -> pd.DataFrame:
    # Names whose order is neither that of the roles nor that of "identity/stem" strings.
    names = [f"{'zyxwvutsrqponm'[i]}{' b' if i % 3 else ''}" for i in range(IDENTITIES)]
    return pd.DataFrame(
        [
            # A distractor's further pictures would be nearest to everybody in `near_ties`.
            (f"{name}/{k:02d}", name, "gallery" if k < GALLERY else {"distractor": "none"}.get(role, "probe"), role)
            for name, role in zip(names, ROLES, strict=True)
            for k in range(GALLERY + PROBES)
        ],
        columns=["picture", "identity", "part", "role"],
    )


def clusters(random, dimensions=24, noise=1.0):
    """Clean and perturbed embeddings hard enough that errors lie strictly between 0 and 1."""
    split = make_split()
    centers = random.standard_normal((IDENTITIES, dimensions))
    clean = np.repeat(centers, GALLERY + PROBES, axis=0) + noise * random.standard_normal((len(split), dimensions))
    perturbed = [clean + (1 + k) * 0.5 * random.standard_normal(clean.shape) for k in range(len(ATTACKS))]
    return split, clean, perturbed


def duplicates(random):
    """Most faces are exact copies of some other's, so that users and rivals are exactly as near."""
    split, clean, perturbed = clusters(random)
    copied = random.integers(0, len(split), (1 + len(perturbed), len(split)))
    return split, clean[copied[0]], [clean[rows] for rows in copied[1:]]


def near_ties(random, dimensions=24):
    """Every identity's faces are the same few points, moved by about 1e-7."""
    split = make_split()
    base = np.tile(random.standard_normal((GALLERY + PROBES, dimensions)), (IDENTITIES, 1))
    base[:, 0] += 0.5

    def jitter():
        return base + 1e-7 * random.standard_normal(base.shape)

    return split, jitter(), [jitter() for _ in ATTACKS]


def lattice(random, dimensions=3):
    """Small integers: many distances are exactly equal, and every computation of them is exact."""
    split = make_split()
    clean, *perturbed = (random.integers(1, 4, (len(split), dimensions)) for _ in range(1 + len(ATTACKS)))
    return split, clean, perturbed


def offset(random):
    split, clean, perturbed = clusters(random)
    return split, clean + 1e3, [values + 1e3 for values in perturbed]


def wide(random):
    """More dimensions than one block of the pass sums up, on a common offset."""
    split, clean, perturbed = clusters(random, 1500, 8.0)
    return split, clean + 30, [values + 30 for values in perturbed]


def tiny(random):
    """Squares underflow in float32."""
    split, clean, perturbed = clusters(random)
    return split, 1e-25 * clean, [1e-25 * values for values in perturbed]


def records(data):
    split, clean, perturbed = data
    used = (split["role"] == "user") & (split["part"] == "gallery")
    clean = Embeddings(np.float32(clean), split["picture"], "clean")
    attacked = {
        attack: Embeddings(np.float32(values)[used], split["picture"][used], attack[0])
        for attack, values in zip(ATTACKS, perturbed, strict=True)
    }
    return split, clean, attacked


# Directions of a lattice are not exact in float64: with the cosine, rounding would decide its ties.
EXACT = [
    (make, metric)
    for make in (clusters, duplicates, near_ties, offset, wide, tiny)
    for metric in ("euclidean", "cosine")
]


def full_matrix(probes, gallery, metric):
    """Return all squared distances in float64, one by one, by differences."""

    def point(row):
        row = row.astype(np.float64)
        return row / np.sqrt(np.square(row).sum()) if metric == "cosine" else row

    return np.array([[np.square(point(g) - point(p)).sum() for g in gallery] for p in probes])


def in_gallery_order(split):
    """Return the rows of gallery faces and of probes, by identity and picture, without background identities."""
    split = split[split["role"] != "background"].sort_values(["identity", "picture"])
    return split[split["part"] == "gallery"], split[split["part"] == "probe"]
