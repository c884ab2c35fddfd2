"""Recognition from a gallery without the faces that a detector flags (ICLR 2022, section 3.3: "filter out")."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from uncloak.recognition.comparisons import NO_ATTACK, Comparisons
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.flags import CLEAN, Flags
from uncloak.recognition.nearest import Gallery
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.posting import own_distances
from uncloak.recognition.unprotected import permutations, unprotected_errors


def evaluate_filtered(
    comparisons: Comparisons,
    clean: Embeddings,
    split: pd.DataFrame,
    flags: Flags,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    unprotected: Sequence[int],
    choices: int,
) -> pd.DataFrame:
    """Measure each user's error where the gallery holds no flagged face, neither the user's nor anybody else's.

    A user of whom no face is left is recognized in no probe; an identity of which none is left is nobody's rival.
    Pictures are as posted through "png", on which detectors give their scores.

    Args:
        comparisons: of the extractor.
        clean: the extractor's embeddings of all clean faces, from which `comparisons` were made.
        split: columns picture, identity, part and role, from which `comparisons` were made.
        flags: of all clean gallery faces, and of the users' perturbed ones.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        dataset: the dataset's name, for the table.
        extractor: the extractor's name, for the table.
        seed: of the experiment, by which mixtures divide the pictures and unprotected ones are chosen.
        unprotected: how many pictures are not perturbed (`uncloak.recognition.unprotected.unprotected_errors`).
        choices: random choices of these pictures, over which the measures are averaged.

    Returns one row per (unprotected, attack, user) with the columns of `uncloak.recognition.evaluation.evaluate`
    (defense "detector") and `kept`, the mean number of the user's pictures left in the gallery. Without attack
    (attack "none") `unprotected` is 0.

    Raises InputError where a picture has no embedding or no flag, an attack is not among the comparisons, or the split
    is faulty.
    """
    parts = {part for attack, shares in attacks.items() for part in shares or [attack]}
    left = _without_flagged(comparisons, clean, split, flags, parts)
    table = unprotected_errors(
        *(left, attacks),
        **{"dataset": dataset, "extractor": extractor, "seed": seed},
        **{"unprotected": unprotected, "posted": [], "choices": choices},
    )
    is_left = {attack: np.isfinite(own) for (attack, _), own in own_distances(left, attacks, seed).items()}
    kept = []
    for row in table.itertuples():
        probe = np.flatnonzero(left.user == row.user)[0]
        orders = permutations(len(left.posted[row.user]), choices, row.user, seed)
        intact, perturbed = orders[:, : row.unprotected], orders[:, row.unprotected :]
        pictures = np.hstack([is_left[NO_ATTACK[0]][probe][intact], is_left[row.attack][probe][perturbed]])
        kept.append(float(pictures.sum(axis=1).mean()))
    return table.assign(defense="detector", kept=kept).drop(columns="posted")


def _without_flagged(
    comparisons: Comparisons, clean: Embeddings, split: pd.DataFrame, flags: Flags, attacks: set[str]
) -> Comparisons:
    """Return comparisons with the one nearest rival that is left, flagged faces of the users being infinitely far.

    Of the sources those of `attacks` and the clean faces are left, through "png".
    """
    sources = tuple(
        source for source in comparisons.sources if source[1] == NO_ATTACK[1] and source[0] in {NO_ATTACK[0], *attacks}
    )
    columns = [comparisons.sources.index(source) for source in sources]
    own_squared = comparisons.own_squared[:, columns]
    for user, pictures in comparisons.posted.items():
        rows = comparisons.user == user
        for column, (attack, _) in enumerate(sources):
            flagged = flags.of(pictures, np.full(len(pictures), CLEAN if attack == NO_ATTACK[0] else attack))
            own_squared[np.ix_(rows, [column], np.flatnonzero(flagged))] = np.inf
    squared, rival = _rivals(comparisons, clean, split, flags)
    return replace(comparisons, sources=sources, own_squared=own_squared, rival_squared=squared, rival=rival)


def _rivals(
    comparisons: Comparisons, clean: Embeddings, split: pd.DataFrame, flags: Flags
) -> tuple[np.ndarray, np.ndarray]:
    """Return `rival_squared` and `rival` of the gallery without flagged faces, [P,1]."""
    gallery, _ = gallery_and_probes(split)
    gallery = gallery[~flags.of(gallery["picture"], np.full(len(gallery), CLEAN))]
    squared, rival = np.full((len(comparisons.probe), 1), np.inf), np.full((len(comparisons.probe), 1), -1)
    if gallery.empty:
        return squared, rival
    left = Gallery(clean.rows(gallery["picture"]), gallery["identity"], comparisons.metric)
    names = np.append(np.searchsorted(comparisons.identities, left.identities), -1)
    for user in comparisons.posted:
        rows = comparisons.user == user
        # A user of whom nothing is left has no place in the gallery to be left out.
        own = np.flatnonzero(left.identities == user)
        found = left.rivals(clean.rows(comparisons.probe[rows]), own[0] if len(own) else -1, 1)
        squared[rows], rival[rows] = found.squared, names[found.identity]
    return squared, rival
