"""Whom a targeted attack moves each picture to: a distant stranger (Fawkes v0.3), or a user who colludes."""

from collections.abc import Sequence

import numpy as np

from uncloak.attacks.fawkes_v03 import choose_target, draw_targets
from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.seeds import derive_seed, generator


def choose_candidates(pictures: Sequence[str], people: int, per_person: int, seed: int) -> np.ndarray:
    """Return the rows of the pictures ("identity/stem") of up to `people` identities, `per_person` of each at most."""
    identities = _owners(pictures)
    names = np.unique(identities)
    chosen = generator(seed, "candidate targets").permutation(names)[:people]
    rows = [np.flatnonzero(identities == name)[:per_person] for name in np.sort(chosen)]
    return np.concatenate(rows)


def farthest(
    faces: np.ndarray,
    pictures: Sequence[str],
    candidates: np.ndarray,
    candidate_pictures: Sequence[str],
    surrogates: Sequence[Extractor],
    seed: int,
    device: str = "cpu",
    separate: bool = False,
) -> np.ndarray:
    """Choose the target of each face by Fawkes v0.3's rule (attacks.md 3.3).

    Args:
        faces: uint8 [N,S,S,3], all perturbed pictures of the users, because the choice is the user's, made once.
        pictures: ids ("identity/stem") of the N faces.
        candidates: uint8 [M,S,S,3] faces of other identities.
        candidate_pictures: ids of the M candidates.
        surrogates: extractors whose embeddings, side by side, measure the distance.
        seed: of the experiment.
        device: where to embed.
        separate: choose anew for each picture, from its embedding alone.

    Returns:
        Row of `candidates` for each face, int64 [N].
    """
    users, owners = _owners(pictures), _owners(candidate_pictures)
    embedded, offered = (
        np.concatenate([embed(surrogate, each, device) for surrogate in surrogates], axis=1)
        for each in (faces, candidates)
    )
    means = {owner: offered[owners == owner].mean(axis=0) for owner in np.unique(owners)}
    rows = {picture: row for row, picture in enumerate(candidate_pictures)}
    chosen = np.empty(len(faces), dtype=np.int64)
    for own in _groups(pictures, pictures if separate else users):
        choice = derive_seed(seed, "fawkes_v03", pictures[own[0]] if separate else users[own[0]])
        target = choose_target(embedded[own], means, choice)
        drawn = draw_targets([candidate_pictures[row] for row in np.flatnonzero(owners == target)], len(own), choice)
        chosen[own] = [rows[picture] for picture in drawn]
    return chosen


def partners(pictures: Sequence[str], seed: int) -> np.ndarray:
    """Pair the users in a ring, and give each picture one of the next user's as its target (ICLR 2022, Appendix D).

    A user's picture is then taken for the next user's, so that the next user's clean probes are taken for this one.

    Args:
        pictures: ids ("identity/stem") of the users' gallery pictures.
        seed: of the experiment.

    Returns:
        Row of the target picture for each picture, int64 [N].

    Raises:
        InputError: where there are fewer than two users.
    """
    users = _owners(pictures)
    ring = generator(seed, "partners").permutation(np.unique(users))
    if len(ring) < 2:
        raise InputError("targets: partners need at least two users; raise the number of users in the dataset's split")
    following = dict(zip(ring, np.roll(ring, -1), strict=True))
    rows = {picture: row for row, picture in enumerate(pictures)}
    chosen = np.empty(len(pictures), dtype=np.int64)
    for own in _groups(pictures, users):
        user = users[own[0]]
        offered = [pictures[row] for row in np.flatnonzero(users == following[user])]
        drawn = draw_targets(offered, len(own), derive_seed(seed, "partners", user))
        chosen[own] = [rows[picture] for picture in drawn]
    return chosen


def _owners(pictures: Sequence[str]) -> np.ndarray:
    return np.array([picture.split("/")[0] for picture in pictures])


def _groups(pictures: Sequence[str], keys: Sequence[str]) -> list[np.ndarray]:
    """Rows of the pictures of each key, in the order of their ids, so that no choice depends on the pictures' order."""
    order = np.argsort(np.asarray(pictures))
    ordered = np.asarray(keys)[order]
    return [order[ordered == key] for key in np.unique(ordered)]
