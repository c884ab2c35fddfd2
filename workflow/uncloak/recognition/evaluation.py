"""Recognition of the users by their nearest gallery face, with and without their attacks (attacks.md 5.2, 5.3).

A user's attack, and the channel through which the user's pictures were posted, change only the user's own gallery
faces. So for each of the user's probes the nearest face of anybody else is found once, and every attack needs only the
distances to the user's own faces as posted.
"""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.distances import METRICS, points, squared_distances
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.nearest import CleanGallery

COLUMNS = (
    *("dataset", "attack", "channel", "extractor", "classifier", "defense", "metric", "user"),
    *("unprotected", "rank", "n_probes", "error", "seed"),
)
NO_ATTACK = ("none", "png")

_PARTS = ("gallery", "probe")
_NO_PART = "none"  # of background identities
_ROLES = ("user", "public", "detector", "background", "other")

logger = logging.getLogger(__name__)


def evaluate(
    clean: Embeddings,
    perturbed: Mapping[tuple[str, str], Embeddings],
    split: pd.DataFrame,
    *,
    dataset: str,
    extractor: str,
    seed: int,
    metric: str = "euclidean",
) -> pd.DataFrame:
    """Measure each user's error, the share of clean probes whose nearest gallery face is not the user's.

    The gallery of a user under attack is everybody else's clean gallery faces and the user's perturbed ones; background
    identities are in no gallery. Where the user's face and another's are exactly as near, the identity first in sorted
    order wins.

    Args:
        clean: embeddings of all clean faces.
        perturbed: (attack, channel) -> embeddings of at least every user's perturbed gallery faces after the channel; a
            mixture is such an attack, too (`uncloak.recognition.embeddings.mix`). ("none", channel) stands for the
            users' clean gallery faces after that channel; through "png" they are those of `clean` and not given here.
        split: columns picture, identity, part (gallery, probe, none) and role (user, public, detector, background,
            other).
        dataset: the dataset's name, for the table.
        extractor: the extractor's name, for the table.
        seed: the experiment's seed, for the table; nothing is random here.
        metric: "euclidean", or "cosine" for embeddings divided by their norms.

    Returns one row per (attack, channel, user) with the columns `COLUMNS`, `error` in [0,1]: first without attack
    (attack "none") through "png" and then through other channels, then by attack, channel and user.

    Raises InputError for an unknown metric, a faulty split, users without gallery faces or probes, missing pictures,
    different dimensions, or, with "cosine", embeddings that are zero.
    """
    if metric not in METRICS:
        raise InputError(f"metric '{metric}' is not known; choose one of {', '.join(METRICS)}")
    if NO_ATTACK in perturbed:
        raise InputError(
            f"attack '{NO_ATTACK[0]}' through '{NO_ATTACK[1]}' stands for the clean faces as they are;"
            " give the attack or the channel another name"
        )
    sources = [NO_ATTACK, *sorted(perturbed, key=lambda source: (source[0] != NO_ATTACK[0], source))]
    posted = {NO_ATTACK: clean, **perturbed}
    dimensions = clean.embedding.shape[1]
    for embeddings in (posted[source] for source in sources):
        if embeddings.embedding.shape[1] != dimensions:
            raise InputError(
                f"{embeddings.source}: embeddings have {embeddings.embedding.shape[1]} dimensions,"
                f" those of the clean faces {dimensions}; take both from one extractor"
            )
        if metric == "cosine":
            embeddings.check_directions()

    gallery, probes = _parts(split)
    # Every probe of the split must be there, although only the users' are measured.
    clean.find(probes["picture"])
    probes = probes[probes["role"] == "user"]
    probe_rows = clean.rows(probes["picture"])
    neighbors = CleanGallery(clean.rows(gallery["picture"]), gallery["identity"], probe_rows, metric)
    logger.info("%s: %d probes of users, %d clean gallery faces", extractor, len(probes), len(gallery))

    errors = {}
    owners, gallery_owners = probes["identity"].to_numpy(), gallery["identity"].to_numpy()
    users = sorted(set(owners))
    for user in users:
        rows = np.flatnonzero(owners == user)
        column = neighbors.column(user)
        rival, rival_column = neighbors.rivals(rows, column)
        user_probes = points(probe_rows[rows], metric)
        pictures = gallery["picture"].to_numpy()[gallery_owners == user]
        for source in sources:
            faces = posted[source].rows(pictures)
            own = squared_distances(user_probes, points(faces, metric)).min(axis=1)
            lost = (rival < own) | ((rival == own) & (rival_column < column))
            errors[source, user] = len(rows), float(lost.mean())

    records = [
        (dataset, *source, extractor, "nearest neighbor", "none", metric, user, 0, 1, *errors[source, user], seed)
        for source in sources
        for user in users
    ]
    return pd.DataFrame(records, columns=list(COLUMNS))


def _parts(split: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of gallery faces and of probes, by identity and picture, without background identities."""
    needed = ("picture", "identity", "part", "role")
    missing = [column for column in needed if column not in split]
    if missing:
        raise InputError(f"split: has no column '{missing[0]}'; it needs {', '.join(needed)}")
    split = split.loc[:, list(needed)].astype(str)
    for column, allowed in (("part", (*_PARTS, _NO_PART)), ("role", _ROLES)):
        wrong = split[~split[column].isin(allowed)]
        if len(wrong):
            raise InputError(
                f"split: picture '{wrong.iloc[0].picture}' has the {column} '{wrong.iloc[0][column]}';"
                f" it must be one of {', '.join(allowed)}"
            )
    repeated = split[split["picture"].duplicated()]
    if len(repeated):
        raise InputError(f"split: picture '{repeated.iloc[0].picture}' stands twice; keep one row of it")
    roles = split.drop_duplicates(["identity", "role"])
    torn = roles[roles["identity"].duplicated()]
    if len(torn):
        raise InputError(f"split: identity '{torn.iloc[0].identity}' has several roles; give it one")
    split = split[split["role"] != "background"].sort_values(["identity", "picture"])
    gallery, probes = (split[split["part"] == part] for part in _PARTS)
    users = set(split.loc[split["role"] == "user", "identity"])
    if not users:
        raise InputError("split: has no users; give the role 'user' to at least one identity")
    for part, rows in (("gallery", gallery), ("probe", probes)):
        without = sorted(users - set(rows["identity"]))
        if without:
            raise InputError(
                f"split: user '{without[0]}' has no {part} pictures; take identities with more pictures as users"
            )
    return gallery, probes
