"""People who are no users, compared with the gallery: what a trainer can choose thresholds by, who knows no user.

Each is a stranger to all others, and a search for somebody whose own pictures are left out is one for a person who is
not in the gallery. Distances are of float32's precision.
"""

from collections.abc import Iterator

import numpy as np

from uncloak.pictures.views import Faces
from uncloak.recognition.distances import FloatPass
from uncloak.recognition.slices import at_once, of_people
from uncloak.recognition.thresholds import Impostors, add_to_all, size_to_draw

_DISTANCES_AT_ONCE = 2**22
_PROBES_AT_ONCE = 256


def compare_others(
    others: tuple[Faces, np.ndarray],
    users: tuple[Faces, np.ndarray],
    probes: Faces,
    askers: np.ndarray,
    metric: str,
    rates: tuple[float, ...],
    most: int | None = None,
) -> dict[str, np.ndarray]:
    """Compare the probes of people who are no users with the clean gallery faces of everybody.

    Args:
        others: gallery faces float32 [G,D], an array or a view, of people who are no users, G may be 0, and whose they
            are, str [G], ascending.
        users: the same of the users.
        probes: float32 [Q,D], an array or a view.
        askers: str [Q], whose probes they are.
        metric: as in `uncloak.recognition.comparing.compare`.
        rates: the F false-accept rates.
        most: as of `uncloak.recognition.nearest.Gallery`.

    Returns what begins with `other_` or `false_accept_` of `uncloak.recognition.comparisons.Comparisons`, and
    `gallery_size`, `drawn_size` and `impostors`.
    """
    names, codes, counts = np.unique(others[1], return_inverse=True, return_counts=True)
    _, starts, user_codes, sizes = np.unique(users[1], return_index=True, return_inverse=True, return_counts=True)
    asking = np.where(np.isin(askers, names), np.searchsorted(names, askers), -1)
    everyone, pictures = np.append(codes, len(names) + user_codes), np.append(counts, sizes)
    drawn = [size_to_draw(np.delete(pictures, len(names) + user), size) for user, size in enumerate(sizes.tolist())]
    found = [
        Impostors(everyone, asking, size, np.array(rates), without=len(names) + user) for user, size in enumerate(drawn)
    ]
    own, rival = np.full(len(probes), np.inf), np.full(len(probes), np.inf)
    to_users = np.empty((len(probes), len(sizes)))
    # The users apart: nothing of what concerns others alone depends on their pictures, not even by rounding.
    for part in of_people(codes, most or at_once(probes.shape[1])):
        for rows, squared in _blocks(FloatPass(others[0][part], metric), part.stop - part.start, probes):
            add_to_all(found, squared, asking[rows], part)
            ends = (np.searchsorted(codes[part], asking[rows], side=side) for side in ("left", "right"))
            for row, distances, first, end in zip(range(rows.start, rows.stop), squared, *ends, strict=True):
                own[row] = distances[first:end].min(initial=own[row])
                distances[first:end] = np.inf
            rival[rows] = np.minimum(rival[rows], squared.min(axis=1))
    part = slice(len(codes), len(everyone))
    for rows, squared in _blocks(FloatPass(users[0][:], metric), len(user_codes), probes):
        add_to_all(found, squared, asking[rows], part)
        to_users[rows] = np.minimum.reduceat(squared, starts, axis=1)
    return {
        "other_own_squared": own,
        "other_rival_squared": rival,
        "other_user_squared": to_users,
        "false_accept_rates": np.array(rates),
        "gallery_size": sizes,
        "drawn_size": np.array(drawn),
        "impostors": np.array([each.pairs for each in found]),
        "false_accept_squared": np.array([each.thresholds() for each in found]),
    }


def _blocks(measured: FloatPass, faces: int, probes: Faces) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield slices of the probes with their squared distances, float32 [B,G], to so many gallery faces."""
    step = max(1, min(_PROBES_AT_ONCE, _DISTANCES_AT_ONCE // faces))
    for first in range(0, len(probes), step):
        rows = slice(first, min(first + step, len(probes)))
        yield rows, measured.squared(probes[rows])[0]
