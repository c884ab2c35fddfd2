"""Recognition from a gallery without the faces that a defense drops (ICLR 2022, section 3.3: "filter out")."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from uncloak.recognition.comparisons import NO_ATTACK, Comparisons
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.flags import CLEAN
from uncloak.recognition.nearest import Gallery
from uncloak.recognition.parts import gallery_and_probes

# Whether each picture [K] as made by a posting [K] ("clean", or an attack) stays in the gallery: bool [K].
Keeps = Callable[[np.ndarray, np.ndarray], np.ndarray]


def without_dropped(
    comparisons: Comparisons,
    clean: Embeddings,
    split: pd.DataFrame,
    keeps: Keeps,
    probing: Embeddings | None = None,
) -> Comparisons:
    """Return the comparisons where the gallery holds no dropped face, neither the users' nor anybody else's.

    A user of whom no face is left is recognized in no probe; an identity of which none is left is nobody's rival.

    Args:
        comparisons: of the extractor.
        clean: the extractor's embeddings of all clean faces, from which `comparisons` were made.
        split: columns picture, identity, part and role, from which `comparisons` were made.
        keeps: says which faces stay.
        probing: embeddings of the probes, where they are not those of `clean` (`uncloak.recognition.comparing`).

    Returns them with the one nearest rival that is left, the users' dropped faces being infinitely far. Pictures are as
    posted through "png": other channels are left out. What concerns others than users is as it was.

    Raises InputError where a picture has no embedding, the split is faulty, or as `keeps` does.
    """
    postings = tuple(posting for posting in comparisons.postings if posting[1] == NO_ATTACK[1])
    columns = [comparisons.postings.index(posting) for posting in postings]
    own_squared = comparisons.own_squared[:, columns]
    for user, pictures in comparisons.posted.items():
        rows = comparisons.user == user
        for column, (attack, _) in enumerate(postings):
            kept = keeps(pictures, np.full(len(pictures), CLEAN if attack == NO_ATTACK[0] else attack))
            own_squared[np.ix_(rows, [column], np.flatnonzero(~kept))] = np.inf
    squared, rival = _rivals(comparisons, clean, split, keeps, clean if probing is None else probing)
    return replace(comparisons, postings=postings, own_squared=own_squared, rival_squared=squared, rival=rival)


def _rivals(
    comparisons: Comparisons, clean: Embeddings, split: pd.DataFrame, keeps: Keeps, probing: Embeddings
) -> tuple[np.ndarray, np.ndarray]:
    """Return `rival_squared` and `rival` of the gallery without dropped faces, [P,1]."""
    gallery, _ = gallery_and_probes(split)
    gallery = gallery[keeps(gallery["picture"].to_numpy(), np.full(len(gallery), CLEAN))]
    squared, rival = np.full((len(comparisons.probe), 1), np.inf), np.full((len(comparisons.probe), 1), -1)
    if gallery.empty:
        return squared, rival
    left = Gallery(clean.rows(gallery["picture"]), gallery["identity"], comparisons.metric)
    names = np.append(np.searchsorted(comparisons.identities, left.identities), -1)
    for user in comparisons.posted:
        rows = comparisons.user == user
        # A user of whom nothing is left has no place in the gallery to be left out.
        own = np.flatnonzero(left.identities == user)
        found = left.rivals(probing.rows(comparisons.probe[rows]), own[0] if len(own) else -1, 1)
        squared[rows], rival[rows] = found.squared, names[found.identity]
    return squared, rival
