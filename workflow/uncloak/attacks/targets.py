"""Whom a targeted attack moves each picture to: a stranger (Fawkes v0.3), or a user who colludes."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.pictures.names import identities_of, rows_by
from uncloak.pictures.split import BACKGROUND, in_role
from uncloak.pictures.views import Faces
from uncloak.records.attacks import Farthest, Partner
from uncloak.seeds import derive_seed, generator

_FARTHEST = 20
_TARGET_PICTURES = 10


class Offered(NamedTuple):
    """Faces uint8 [M,S,S,3], an array or a view, that targets are chosen from, and their pictures' ids, str [M]."""

    faces: Faces
    pictures: np.ndarray


def choose_targets(
    record: Farthest | Partner,
    pictures: Sequence[str],
    seed: int,
    *,
    faces: Faces | None = None,
    offered: Offered | None = None,
    surrogates: Sequence[Extractor] = (),
    device: str = "cpu",
) -> np.ndarray:
    """Choose the target picture of each picture as a record of an attack's `targets` says.

    Args:
        record: the choice.
        pictures: ids ("identity/stem") of the N pictures that are perturbed.
        seed: of the experiment.
        faces: uint8 [N,S,S,3], those of the pictures; partners are chosen without, and without the others.
        offered: what `offered_pictures` names, with its faces.
        surrogates: the attack's extractors, on `device`.
        device: where to embed.

    Returns ids of target pictures, str [N].

    Raises InputError where there is nobody to choose.
    """
    if isinstance(record, Partner):
        return np.asarray(pictures, dtype=str)[partners(pictures, seed)]
    how = {"separate": record.separate, "choice": record.choice}
    rows = chosen_strangers(faces, pictures, *offered, surrogates, seed, device, **how)
    return offered.pictures[rows]


def offered_pictures(record: Farthest, split: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the ids, str [M], of the pictures of background identities of a split that targets are chosen from."""
    background = in_role(split, BACKGROUND)["picture"].to_numpy(str)
    return background[choose_candidates(background, record.people, record.pictures, seed)]


def choose_candidates(pictures: Sequence[str], people: int, per_person: int, seed: int) -> np.ndarray:
    """Return the rows of the pictures ("identity/stem") of up to `people` identities, `per_person` of each at most."""
    identities = identities_of(pictures)
    names = np.unique(identities)
    chosen = generator(seed, "candidate targets").permutation(names)[:people]
    rows = [np.flatnonzero(identities == name)[:per_person] for name in np.sort(chosen)]
    return np.concatenate(rows)


def chosen_strangers(
    faces: Faces,
    pictures: Sequence[str],
    candidates: Faces,
    candidate_pictures: Sequence[str],
    surrogates: Sequence[Extractor],
    seed: int,
    device: str = "cpu",
    separate: bool = False,
    choice: Literal["farthest", "average"] = "farthest",
) -> np.ndarray:
    """Choose the target of each face by Fawkes v0.3's rule (attacks.md 3.3), or at average distance.

    Args:
        faces: uint8 [N,S,S,3], all perturbed pictures of the users, because the choice is the user's, made once.
        pictures: ids ("identity/stem") of the N faces.
        candidates: uint8 [M,S,S,3] faces of other identities.
        candidate_pictures: ids of the M candidates.
        surrogates: extractors whose embeddings, side by side, measure the distance.
        seed: of the experiment.
        device: where to embed.
        separate: choose anew for each picture, from its embedding alone.
        choice: as for `choose_target`.

    Returns:
        Row of `candidates` for each face, int64 [N].
    """
    users, owners = identities_of(pictures), identities_of(candidate_pictures)
    embedded, offered = (
        np.concatenate([embed(surrogate, each, device) for surrogate in surrogates], axis=1)
        for each in (faces, candidates)
    )
    means = {owner: offered[owners == owner].mean(axis=0) for owner in np.unique(owners)}
    rows = {picture: row for row, picture in enumerate(candidate_pictures)}
    chosen = np.empty(len(faces), dtype=np.int64)
    for own in rows_by(pictures if separate else users, pictures):
        own_seed = derive_seed(seed, "fawkes_v03", pictures[own[0]] if separate else users[own[0]])
        target = choose_target(embedded[own], means, own_seed, choice)
        drawn = draw_targets([candidate_pictures[row] for row in np.flatnonzero(owners == target)], len(own), own_seed)
        chosen[own] = [rows[picture] for picture in drawn]
    return chosen


def choose_target(
    user_embeddings: np.ndarray,
    candidate_embeddings: Mapping[str, np.ndarray],
    seed: int,
    choice: Literal["farthest", "average"] = "farthest",
) -> str:
    """Choose the identity whose embedding a user's pictures move to (attacks.md 3.3, target choice 1 and 2).

    Args:
        user_embeddings: [N,D], of the user's faces, as the surrogate gives them.
        candidate_embeddings: identity -> its embedding [D], or those of its faces [M,D], which are averaged. The user
            is not among them.
        seed: of this user's choice.
        choice: "farthest" as the tool has it, or "average" (Fawkes, 2020, section 8.2, against detection).

    Returns:
        One of the twenty candidates farthest from the nearest of the user's faces, drawn uniformly; or the one whose
        distance is nearest to the mean over candidates, the first by name of several.

    Raises:
        InputError: where there is no candidate.
    """
    if not candidate_embeddings:
        raise InputError("targets: there is no identity to choose a target from; add identities to the dataset")
    user = np.asarray(user_embeddings, dtype=np.float64)

    def distance(identity: str) -> float:
        mean = np.atleast_2d(np.asarray(candidate_embeddings[identity], dtype=np.float64)).mean(axis=0)
        return float(np.linalg.norm(user - mean, axis=1).min())

    distances = {identity: distance(identity) for identity in sorted(candidate_embeddings)}
    if choice == "average":
        mean = np.mean(list(distances.values()))
        return min(distances, key=lambda identity: abs(distances[identity] - mean))
    farthest = sorted(distances, key=lambda identity: -distances[identity])[:_FARTHEST]
    return farthest[generator(seed, "target identity").integers(len(farthest))]


def draw_targets(pictures: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw the target picture of each of `count` faces from the target identity's `pictures` (step 3).

    The first ten pictures by name are doubled until they suffice, then drawn without replacement.

    Raises:
        InputError: where the target identity has no picture.
    """
    if not pictures:
        raise InputError("targets: the target identity has no picture; name another")
    pool = sorted(pictures)[:_TARGET_PICTURES]
    while len(pool) < count:
        pool = pool + pool
    drawn = generator(seed, "target pictures").choice(len(pool), size=count, replace=False)
    return [pool[index] for index in drawn]


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
    users = identities_of(pictures)
    ring = generator(seed, "partners").permutation(np.unique(users))
    if len(ring) < 2:
        raise InputError("targets: partners need at least two users; raise the number of users in the dataset's split")
    following = dict(zip(ring, np.roll(ring, -1), strict=True))
    rows = {picture: row for row, picture in enumerate(pictures)}
    chosen = np.empty(len(pictures), dtype=np.int64)
    for own in rows_by(users, pictures):
        user = users[own[0]]
        offered = [pictures[row] for row in np.flatnonzero(users == following[user])]
        drawn = draw_targets(offered, len(own), derive_seed(seed, "partners", user))
        chosen[own] = [rows[picture] for picture in drawn]
    return chosen
