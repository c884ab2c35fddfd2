"""How the users' pictures were posted: through each channel, by each attack or mixture of attacks."""

from collections.abc import Mapping

import numpy as np

from uncloak.attacks.mixture import assign
from uncloak.errors import InputError
from uncloak.recognition.comparisons import NO_ATTACK, Comparisons


def own_distances(
    comparisons: Comparisons, attacks: Mapping[str, Mapping[str, float]], seed: int
) -> dict[tuple[str, str], np.ndarray]:
    """Return the squared distances to the users' own gallery faces as posted.

    Args:
        comparisons: of one extractor.
        attacks: attack -> the shares of a mixture (empty for any other attack). A mixture's distances are, picture by
            picture, those of the attack that `uncloak.attacks.mixture.assign` gives it.
        seed: of the experiment, by which mixtures divide the pictures.

    Returns (attack, channel) -> float64 [P,G], ordered as `Comparisons.own_squared`: attack "none" through every
    channel compared, then each of `attacks` through every channel that all its parts went through, by name and channel.

    Raises InputError where an attack is not among the comparisons through any channel.
    """
    columns = {posting: column for column, posting in enumerate(comparisons.postings)}
    found = {
        posting: comparisons.own_squared[:, column] for posting, column in columns.items() if posting[0] == NO_ATTACK[0]
    }
    channels = sorted({channel for _, channel in columns})
    for attack, shares in sorted(attacks.items()):
        parts = shares or {attack: 1}
        through = [channel for channel in channels if all((part, channel) in columns for part in parts)]
        if not through:
            raise InputError(
                f"attack '{attack}': {', '.join(parts)} not compared through one channel; compare its faces first"
            )
        for channel in through:
            found[attack, channel] = _mixed(comparisons, {part: columns[part, channel] for part in parts}, shares, seed)
    return found


def _mixed(comparisons: Comparisons, columns: Mapping[str, int], shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Return the distances [P,G] of a mixture by the postings' `columns`, or of the only posting."""
    if not shares:
        return comparisons.own_squared[:, next(iter(columns.values()))]
    mixed = np.full_like(comparisons.own_squared[:, 0], np.inf)
    for user, pictures in comparisons.posted.items():
        rows = np.flatnonzero(comparisons.user == user)[:, None]
        made_by = [columns[part] for part in assign(pictures, shares, seed)]
        places = np.arange(len(pictures))
        mixed[rows, places] = comparisons.own_squared[rows, made_by, places]
    return mixed
