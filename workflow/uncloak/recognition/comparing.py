"""Comparing one extractor's embeddings: every distance that the experiments need, measured once.

What concerns the clean faces costs time and is stored; what a posting changes, the distances to a user's own few faces,
is measured where it is wanted, so that a new attack leaves what is stored as it is.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.pictures.split import USER
from uncloak.pictures.views import picked
from uncloak.recognition.comparisons import FALSE_ACCEPT_RATES, NEAREST, NO_ATTACK, Comparisons
from uncloak.recognition.distances import check_metric, points, squared_distances
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.nearest import Gallery
from uncloak.recognition.others import compare_others
from uncloak.recognition.parts import gallery_and_probes

logger = logging.getLogger(__name__)


def compare(
    clean: Embeddings,
    perturbed: Mapping[tuple[str, str], Embeddings],
    split: pd.DataFrame,
    metric: str,
    probing: Embeddings | None = None,
) -> Comparisons:
    """Measure the distances between probes and gallery faces.

    Args:
        clean: embeddings of all clean faces.
        perturbed: (attack, channel) -> embeddings of at least every user's perturbed gallery faces after the channel.
            ("none", channel) stands for the users' clean gallery faces after that channel; through "png" they are those
            of `clean` and not given here.
        split: columns picture, identity, part (gallery, probe, none) and role (user, public, detector, background,
            other).
        metric: "euclidean", or "cosine" for embeddings divided by their norms.
        probing: embeddings of the probes, where they are not those of `clean`: a trainer may treat scraped faces alone.

    The gallery is read in slices, so memory does not grow with it, beside names.

    Returns the comparisons, their postings by attack and channel, those of attack "none" first.

    Raises InputError for an unknown metric, a faulty split, users without gallery faces or probes, missing pictures,
    different dimensions, or, with "cosine", embeddings that are zero.
    """
    check_metric(metric)
    probing = clean if probing is None else probing
    if probing.dimensions != clean.dimensions:
        raise InputError(
            f"{probing.origin}: embeddings have {probing.dimensions} dimensions, those of the gallery"
            f" {clean.dimensions}; take both from one extractor"
        )
    if metric == "cosine":
        for embeddings in (clean, probing):
            embeddings.check_directions()
    gallery, probes = gallery_and_probes(split)
    owners, askers = gallery["identity"].to_numpy(str), probes["identity"].to_numpy(str)
    faces, asked = clean.view(gallery["picture"]), probing.view(probes["picture"])

    posters, users = (gallery["role"] == USER).to_numpy(), (probes["role"] == USER).to_numpy()
    users_asked = picked(asked, users)[:]
    everyone = Gallery(faces, owners, metric)
    posted = {user: gallery["picture"].to_numpy(str)[owners == user] for user in sorted(set(owners[posters].tolist()))}
    logger.info("%d probes of users, %d of others, %d clean gallery faces", users.sum(), (~users).sum(), len(faces))
    compared = Comparisons(
        metric=metric,
        identities=everyone.identities,
        probe=probes["picture"].to_numpy(str)[users],
        user=askers[users],
        probe_embedding=users_asked,
        **_users_rivals(everyone, users_asked, askers[users]),
        posted=posted,
        postings=(NO_ATTACK,),
        own_squared=_own_squared([clean], posted, users_asked, askers[users], metric),
        **compare_others(
            *((picked(faces, rows), owners[rows]) for rows in (~posters, posters)),
            *(picked(asked, ~users), askers[~users], metric, FALSE_ACCEPT_RATES),
        ),
    )
    return add_postings(compared, perturbed)


def add_postings(comparisons: Comparisons, perturbed: Mapping[tuple[str, str], Embeddings]) -> Comparisons:
    """Return comparisons of the clean faces alone, and the distances to the users' own faces as `perturbed` has them.

    `perturbed` and the errors raised are those of `compare`.
    """
    _check(comparisons, perturbed)
    order = sorted(perturbed, key=lambda posting: (posting[0] != NO_ATTACK[0], posting))
    added = _own_squared(
        [perturbed[posting] for posting in order],
        *(comparisons.posted, comparisons.probe_embedding, comparisons.user, comparisons.metric),
    )
    return replace(
        comparisons,
        postings=(*comparisons.postings, *order),
        own_squared=np.concatenate([comparisons.own_squared, added], axis=1),
    )


def _check(comparisons: Comparisons, perturbed: Mapping[tuple[str, str], Embeddings]) -> None:
    if NO_ATTACK in perturbed:
        raise InputError(
            f"attack '{NO_ATTACK[0]}' through '{NO_ATTACK[1]}' stands for the clean faces as they are;"
            " give the attack or the channel another name"
        )
    dimensions = comparisons.probe_embedding.shape[1]
    for embeddings in perturbed.values():
        if embeddings.dimensions != dimensions:
            raise InputError(
                f"{embeddings.origin}: embeddings have {embeddings.dimensions} dimensions,"
                f" those of the clean faces {dimensions}; take both from one extractor"
            )
        if comparisons.metric == "cosine":
            embeddings.check_directions()


def _users_rivals(everyone: Gallery, probes: np.ndarray, askers: np.ndarray) -> dict[str, np.ndarray]:
    """Return the nearest rivals of the users' probes [P,D]."""
    found = everyone.rivals(probes, np.searchsorted(everyone.identities, askers), NEAREST)
    whose = np.where(found.face < 0, -1, everyone.owners[found.face])
    return {
        **{"rival_squared": found.squared, "rival": found.identity},
        **{"rival_picture_squared": found.face_squared, "rival_picture": whose},
    }


def _own_squared(
    postings: Sequence[Embeddings],
    posted: Mapping[str, np.ndarray],
    probes: np.ndarray,
    askers: np.ndarray,
    metric: str,
) -> np.ndarray:
    """Return the distances of the users' probes [P,D] to their own faces as posted, float64 [P,S,G]."""
    squared = np.full((len(probes), len(postings), max(map(len, posted.values()))), np.inf)
    for user, pictures in posted.items():
        rows = np.flatnonzero(askers == user)
        asked = points(probes[rows], metric)
        for column, embeddings in enumerate(postings):
            faces = points(embeddings.rows(pictures), metric)
            squared[rows, column, : len(pictures)] = squared_distances(asked, faces)
    return squared
