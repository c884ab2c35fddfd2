"""Target pictures for the targeted Fawkes v0.3: which other person each user's pictures move to (attacks.md 3.3)."""

from collections.abc import Sequence

import numpy as np

from uncloak.attacks.fawkes_v03 import choose_target, draw_targets
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.seeds import derive_seed, generator


def choose_candidates(pictures: Sequence[str], people: int, per_person: int, seed: int) -> np.ndarray:
    """Return the rows of the pictures ("identity/stem") of up to `people` identities, `per_person` of each at most."""
    identities = np.array([picture.split("/")[0] for picture in pictures])
    names = np.unique(identities)
    chosen = generator(seed, "candidate targets").permutation(names)[:people]
    rows = [np.flatnonzero(identities == name)[:per_person] for name in np.sort(chosen)]
    return np.concatenate(rows)


def target_faces(
    faces: np.ndarray,
    pictures: Sequence[str],
    candidates: np.ndarray,
    candidate_pictures: Sequence[str],
    surrogates: Sequence[Extractor],
    seed: int,
    device: str = "cpu",
) -> np.ndarray:
    """Return the target of each face, uint8 [N,S,S,3], from `candidates` uint8 [M,S,S,3].

    `faces` uint8 [N,S,S,3] and `pictures` are all perturbed pictures of the users: the choice is the user's, made once.
    """
    users = np.array([picture.split("/")[0] for picture in pictures])
    owners = np.array([picture.split("/")[0] for picture in candidate_pictures])
    embedded, offered = (
        np.concatenate([embed(surrogate, each, device) for surrogate in surrogates], axis=1)
        for each in (faces, candidates)
    )
    means = {owner: offered[owners == owner].mean(axis=0) for owner in np.unique(owners)}
    rows = {picture: row for row, picture in enumerate(candidate_pictures)}
    chosen = np.empty(len(faces), dtype=np.int64)
    for user in np.unique(users):
        own = np.flatnonzero(users == user)
        own = own[np.argsort(np.asarray(pictures)[own])]
        user_seed = derive_seed(seed, "fawkes_v03", user)
        target = choose_target(embedded[own], means, user_seed)
        drawn = draw_targets(
            [picture for picture in candidate_pictures if picture.split("/")[0] == target], len(own), user_seed
        )
        chosen[own] = [rows[picture] for picture in drawn]
    return candidates[chosen]
