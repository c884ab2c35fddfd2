"""What shows that a gallery is cloaked: how far it lies from what is usual, in standard deviations (Fawkes, 8.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from uncloak.defenses.two_means import centers_apart
from uncloak.errors import InputError
from uncloak.recognition.distances import squared_distances
from uncloak.seeds import generator

# - The distance of the two centers of the user's faces (`uncloak.defenses.two_means`), against that of other people's.
#   It asks for some of the user's pictures uncloaked.
# - How near the center of the user's faces lies to the nearest other person's, against the distances of such people
#   from one another. It asks for no uncloaked picture, but for the target among the people.
# - The same of the person whom the attack aims at, where it does; Fawkes measured this. A trainer does not know whom,
#   and has to go by the nearest person.
SIGNS = TWO_CENTERS, NEAREST, TARGET = ("two centers", "nearest person", "target")

# People whose distances from one another are taken for the usual ones: their pairs are two millions.
_COMPARED = 2000


@dataclass(frozen=True)
class Usual:
    """What is usual among people who are no users.

    Attributes:
        centers: of their faces, float64 [K,D].
        apart: mean and standard deviation over these people of the distance of their two centers.
        between: the same over pairs of them of the distance of their centers.
    """

    centers: np.ndarray
    apart: tuple[float, float]
    between: tuple[float, float]

    def signs(self, faces: np.ndarray, aim: np.ndarray | None) -> dict[str, float]:
        """Return the signs of a gallery of faces, float64 [N,D], in standard deviations; see `SIGNS`.

        aim: the center of the faces of the person whom the attack aims at, float64 [D]; else the last sign is missing.
        """
        apart, apart_deviation = self.apart
        between, between_deviation = self.between
        center = faces.mean(axis=0, keepdims=True)
        near = {NEAREST: self.centers} if aim is None else {NEAREST: self.centers, TARGET: aim[None]}
        return {
            TWO_CENTERS: ((centers_apart(faces) or 0.0) - apart) / apart_deviation,
            **{
                sign: (between - np.sqrt(squared_distances(center, others).min())) / between_deviation
                for sign, others in near.items()
            },
        }


def learn_usual(people: Iterable[np.ndarray], seed: int) -> Usual:
    """Learn what is usual of the faces, float64 [N,D], of one person who is no user after the other.

    Raises InputError where these are fewer than three people, or their pictures do not differ.
    """
    centers, apart = [], []
    for faces in people:
        centers.append(faces.mean(axis=0))
        apart.append(centers_apart(faces))
    apart = [distance for distance in apart if distance is not None]
    if len(centers) < 3 or np.std(apart or [0]) == 0:
        raise InputError(
            "giveaway: what is usual is learned from people who are no users, three at least, whose pictures differ;"
            " give the split some"
        )
    centers = np.array(centers)
    drawn = centers[generator(seed, "usual distances").permutation(len(centers))[:_COMPARED]]
    between = np.concatenate(
        [np.sqrt(squared_distances(drawn[row : row + 1], drawn[row + 1 :])[0]) for row in range(len(drawn) - 1)]
    )
    return Usual(centers, (np.mean(apart), np.std(apart)), (np.mean(between), np.std(between)))
