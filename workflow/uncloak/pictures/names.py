"""Names of pictures: "identity/stem"."""

from collections.abc import Iterable

import numpy as np


def picture_name(identity: str, stem: str) -> str:
    """Return the name of the picture `stem` of an identity."""
    return f"{identity}/{stem}"


def split_name(picture: str) -> tuple[str, str]:
    """Return identity and stem of "identity/stem"."""
    identity, _, stem = picture.rpartition("/")
    return identity, stem


def identity_of(picture: str) -> str:
    """Return whose picture "identity/stem" is."""
    return split_name(picture)[0]


def identities_of(pictures: Iterable[str]) -> np.ndarray:
    """Return whose pictures these N are, str [N]."""
    return np.array([identity_of(picture) for picture in pictures], dtype=str)


def rows_by(keys: Iterable[str], pictures: Iterable[str]) -> list[np.ndarray]:
    """Return the rows of the pictures of each key, in the order of their ids, so that nothing depends on theirs."""
    order = np.argsort(np.asarray(pictures))
    ordered = np.asarray(keys)[order]
    return [order[ordered == key] for key in np.unique(ordered)]
