"""What recognition with one extractor compares: distances measured once, from which every experiment is read off.

A user's attack, the channel of the user's pictures and the pictures left unprotected change only the user's own gallery
faces. So the distances from the user's probes to everybody else's faces are measured once, and those to the user's own
faces once per posting; rank-k, mixtures, unprotected pictures, thresholds and two-model systems only combine them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from uncloak.errors import InputError
from uncloak.store import read_arrays, read_attributes, write_arrays

NO_ATTACK = ("none", "png")
NEAREST = 50
FALSE_ACCEPT_RATES = (1e-2, 1e-3)


@dataclass(frozen=True)
class Filtered:
    """What a defense leaves of the gallery (`uncloak.recognition.dropping`).

    Attributes:
        left: str, the clean gallery faces that stay, everybody's.
        keeps: of a user, and how each of the user's n pictures was posted, int [...,n] (`Comparisons.own_as_posted`):
            which faces stay, bool [...,n].
    """

    left: np.ndarray
    keeps: Callable[[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Comparisons:
    """Squared distances between probes and gallery faces, with one extractor and metric.

    The gallery holds I identities, none of them background. Identities are given as indices into `identities`; where
    there are fewer rivals than columns, distances are infinite and identities -1. Where distances are equal, the
    identity first in sorted order comes first.

    Attributes:
        metric: "euclidean" or "cosine".
        identities: str [I], sorted.
        probe: str [P], the users' clean probes, by user and picture.
        user: str [P], whose probes they are.
        probe_embedding: float32 [P,D], from which distances to further postings are measured.
        rival_squared: float64 [P,NEAREST], ascending: to the nearest clean gallery face of each of the nearest other
            identities.
        rival: int [P,NEAREST], these identities.
        rival_picture_squared: float64 [P,NEAREST], ascending: to the nearest clean gallery faces of other identities.
        rival_picture: int [P,NEAREST], the identities of these faces.
        posted: user -> str [n], the user's gallery pictures, sorted; users in sorted order.
        postings: the S ways in which the users' pictures were posted, (attack, channel), NO_ATTACK first.
        own_squared: float64 [P,S,G], to the user's own gallery faces as posted by each posting, in the order of
            `posted`, followed by infinity for users with fewer pictures than others.
        other_own_squared: float64 [Q], of the clean probes of identities that are no users, by identity and picture: to
            the identity's own nearest clean gallery face (infinite if it has none).
        other_rival_squared: float64 [Q], of the same probes: to the nearest clean gallery face of another identity that
            is no user (infinite if there is none).
        other_user_squared: float64 [Q,U], of the same probes: to each user's nearest clean gallery face, in the order
            of `posted`.
        false_accept_rates: float64 [F], in (0,1).
        gallery_size: int [U], how many pictures each user has in the gallery, in the order of `posted`.
        drawn_size: int [U], of how many pictures the galleries of others are that the user's thresholds are chosen by:
            as many, unless too few people have them.
        impostors: int [U], the pairs of such a probe and another identity, the user not, that has so many pictures.
        false_accept_squared: float64 [U,F]; of these pairs at most that share lie below it, by the nearest of
            `drawn_size` clean gallery faces drawn of that identity's. NaN where there are no such pairs.
        filtered: what a defense leaves of the gallery; None where none drops anything. It is not stored.

    What concerns others than users is of float32's precision and reads no picture of a user, a user's thresholds none
    of that user; all else is that of float64.
    """

    metric: str
    identities: np.ndarray
    probe: np.ndarray
    user: np.ndarray
    probe_embedding: np.ndarray
    rival_squared: np.ndarray
    rival: np.ndarray
    rival_picture_squared: np.ndarray
    rival_picture: np.ndarray
    posted: Mapping[str, np.ndarray]
    postings: tuple[tuple[str, str], ...]
    own_squared: np.ndarray
    other_own_squared: np.ndarray
    other_rival_squared: np.ndarray
    other_user_squared: np.ndarray
    false_accept_rates: np.ndarray
    gallery_size: np.ndarray
    drawn_size: np.ndarray
    impostors: np.ndarray
    false_accept_squared: np.ndarray
    filtered: Filtered | None = None

    @property
    def own(self) -> np.ndarray:
        """Each probe's user as an index into `identities`, int [P]."""
        return np.searchsorted(self.identities, self.user)

    def own_as_posted(self, user: str, made_by: np.ndarray) -> np.ndarray:
        """Return the distances of a user's p probes to the own gallery faces, float64 [p,...,n].

        made_by: int [...,n], of each of the user's pictures, in the order of `posted`, the place in `postings` of how
        it was posted, or -1 where it was not. What is not posted, or dropped by a defense, is infinitely far.
        """
        there = made_by >= 0
        if self.filtered:
            there &= self.filtered.keeps(user, made_by)
        squared = self.own_squared[self.user == user][:, made_by, np.arange(made_by.shape[-1])]
        return np.where(there, squared, np.inf)


# Arrays of one length each.
_GROUPS = (
    ("identities",),
    (
        "probe",
        "user",
        "probe_embedding",
        "rival_squared",
        "rival",
        "rival_picture_squared",
        "rival_picture",
        "own_squared",
    ),
    ("other_own_squared", "other_rival_squared", "other_user_squared"),
    ("false_accept_rates",),
    ("gallery_size", "drawn_size", "impostors", "false_accept_squared"),
)


def write_comparisons(
    path: str | os.PathLike, comparisons: Comparisons, attributes: Mapping[str, str | int | float]
) -> None:
    """Write comparisons and `attributes` to an HDF5 file, whole or not at all."""
    arrays = {name: getattr(comparisons, name) for group in _GROUPS for name in group}
    arrays["posted_user"] = np.repeat(list(comparisons.posted), [len(own) for own in comparisons.posted.values()])
    arrays["posted_picture"] = np.concatenate(list(comparisons.posted.values()))
    arrays["posting_attack"], arrays["posting_channel"] = np.array(comparisons.postings).T
    write_arrays(path, arrays, {**attributes, "metric": comparisons.metric})


def read_comparisons(path: str | os.PathLike) -> Comparisons:
    """Read what `write_comparisons` wrote.

    Raises InputError where the file is missing, damaged or no such file.
    """
    arrays = {name: values for group in _GROUPS for name, values in zip(group, read_arrays(path, *group), strict=True)}
    users, pictures = read_arrays(path, "posted_user", "posted_picture")
    attacks, channels = read_arrays(path, "posting_attack", "posting_channel")
    metric = read_attributes(path).get("metric")
    if metric is None:
        raise InputError(f"{path}: does not say its metric; delete it and run again")
    return Comparisons(
        metric=metric,
        posted={str(user): pictures[users == user] for user in dict.fromkeys(users)},
        postings=tuple(zip(attacks.tolist(), channels.tolist(), strict=True)),
        **arrays,
    )
