"""A mixture of attacks: each user perturbs some pictures with one attack and some with another."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from uncloak.errors import InputError
from uncloak.pictures.names import identity_of
from uncloak.seeds import generator


def mix(
    pictures: Sequence[str],
    shares: Mapping[str, float],
    seed: int,
    read: Callable[[str, np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Put a mixture's faces together from those of its attacks.

    Args:
        pictures: ids "identity/stem" of N pictures.
        shares, seed: as for `assign`.
        read: the faces uint8 [n,S,S,3] that an attack made of pictures (its name and their ids, str [n]).

    Returns faces uint8 [N,S,S,3], and the attack of each, str [N].

    Raises InputError as `assign` and `read` do, and where the attacks' faces differ in size.
    """
    assigned, pictures = assign(pictures, shares, seed), np.asarray(pictures, dtype=str)
    made = {attack: read(attack, pictures[assigned == attack]) for attack in sorted(shares)}
    if len({faces.shape[1] for faces in made.values()}) > 1:
        sizes = ", ".join(f"{attack} {faces.shape[1]} pixels" for attack, faces in made.items())
        raise InputError(f"mixture: its attacks' faces differ in size ({sizes}); export each attack by itself")
    faces = np.empty((len(pictures), *next(iter(made.values())).shape[1:]), np.uint8)
    for attack, own in made.items():
        faces[assigned == attack] = own
    return faces, assigned


def assign(pictures: Sequence[str], shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Choose the attack of each picture.

    Every identity's pictures are divided by the shares as evenly as whole pictures allow (largest remainder; equal
    remainders are drawn). What a picture gets depends on the seed and on its identity's pictures, not on their order
    nor on other identities.

    Args:
        pictures: ids "identity/stem", each once.
        shares: attack -> its share, above 0; only their ratios count.
        seed: of the experiment.

    Returns:
        Attack names, str [N], in the order of `pictures`.

    Raises:
        InputError: where there is no share, a share is not above 0, or a picture comes twice.
    """
    if not shares:
        raise InputError("mixture: names no attack; give at least one share")
    for attack, share in shares.items():
        if not (math.isfinite(share) and share > 0):
            raise InputError(f"mixture: the share of '{attack}' is {share}; it must be a number above 0")
    if len(set(pictures)) < len(pictures):
        raise InputError("mixture: a picture comes twice; picture ids must differ")

    by_identity: dict[str, list[str]] = {}
    for picture in sorted(pictures):
        by_identity.setdefault(identity_of(picture), []).append(picture)
    attacks: dict[str, str] = {}
    for identity, own in by_identity.items():
        random = generator(seed, "mixture", identity)
        dealt = np.repeat(sorted(shares), _counts(len(own), shares, random))
        attacks.update(zip(own, random.permutation(dealt), strict=True))
    return np.array([attacks[picture] for picture in pictures], dtype=str)


def _counts(total: int, shares: Mapping[str, float], random: np.random.Generator) -> list[int]:
    """Whole numbers of pictures of each attack, by name, adding up to `total`."""
    # Fractions of the decimals as written: 0.1 of 30 is 3, with no remainder.
    exact = [Fraction(str(shares[attack])) for attack in sorted(shares)]
    quotas = [total * share / sum(exact) for share in exact]
    counts = [math.floor(quota) for quota in quotas]
    tie_break = random.permutation(len(quotas))
    by_remainder = sorted(range(len(quotas)), key=lambda index: (counts[index] - quotas[index], tie_break[index]))
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts
