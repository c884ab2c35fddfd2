"""How the users' pictures were posted: through each channel, by each attack or mixture of attacks."""

from collections.abc import Mapping

import numpy as np

from uncloak.attacks.mixture import assign
from uncloak.errors import InputError
from uncloak.recognition.comparisons import NO_ATTACK, Comparisons

# Of each user's pictures, the places in `Comparisons.postings` of how they were posted: user -> int [n].
MadeBy = Mapping[str, np.ndarray]


def made_by(
    comparisons: Comparisons, attacks: Mapping[str, Mapping[str, float]], seed: int
) -> dict[tuple[str, str], MadeBy]:
    """Return how each user's pictures were posted.

    Args:
        comparisons: of one extractor.
        attacks: attack -> the shares of a mixture (empty for any other attack). A mixture's pictures are, one by one,
            those of the attack that `uncloak.attacks.mixture.assign` gives them.
        seed: of the experiment, by which mixtures divide the pictures.

    Returns (attack, channel) -> user -> int [n]: attack "none" through every channel compared, then each of `attacks`
    through every channel that all its parts went through, by name and channel.

    Raises InputError where an attack is not among the comparisons through any channel.
    """
    places = {posting: place for place, posting in enumerate(comparisons.postings)}
    found = {
        posting: {user: np.full(len(pictures), place) for user, pictures in comparisons.posted.items()}
        for posting, place in places.items()
        if posting[0] == NO_ATTACK[0]
    }
    channels = sorted({channel for _, channel in places})
    for attack, shares in sorted(attacks.items()):
        parts = shares or {attack: 1}
        through = [channel for channel in channels if all((part, channel) in places for part in parts)]
        if not through:
            raise InputError(
                f"attack '{attack}': {', '.join(parts)} not compared through one channel; compare its faces first"
            )
        for channel in through:
            of_part = {part: places[part, channel] for part in parts}
            found[attack, channel] = {
                user: _places(pictures, of_part, shares, seed) for user, pictures in comparisons.posted.items()
            }
    return found


def own_distances(
    comparisons: Comparisons, attacks: Mapping[str, Mapping[str, float]], seed: int
) -> dict[tuple[str, str], np.ndarray]:
    """Return the squared distances to the users' own gallery faces as posted; takes the arguments of `made_by`.

    Returns (attack, channel) -> float64 [P,G], ordered as `Comparisons.own_squared`; what a defense drops is infinitely
    far.

    Raises InputError as `made_by` does.
    """
    shape = len(comparisons.probe), comparisons.own_squared.shape[2]
    found = {}
    for posting, by_user in made_by(comparisons, attacks, seed).items():
        found[posting] = np.full(shape, np.inf)
        for user, places in by_user.items():
            rows = np.flatnonzero(comparisons.user == user)
            found[posting][rows, : len(places)] = comparisons.own_as_posted(user, places)
    return found


def _places(pictures: np.ndarray, of_part: Mapping[str, int], shares: Mapping[str, float], seed: int) -> np.ndarray:
    if not shares:
        return np.full(len(pictures), next(iter(of_part.values())))
    return np.array([of_part[part] for part in assign(pictures, shares, seed)])
