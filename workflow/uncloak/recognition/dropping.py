"""Recognition from a gallery without the faces that a defense drops (ICLR 2022, section 3.3: "filter out")."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.pictures.split import USER
from uncloak.recognition.comparisons import NO_ATTACK, Comparisons, Filtered
from uncloak.recognition.distances import points
from uncloak.recognition.flags import CLEAN, Scores
from uncloak.recognition.nearest import Gallery
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.seen import Scraped, Seen
from uncloak.recognition.slices import at_once, of_people

# Which of a person's faces stay in the gallery, bool [N].
Stays = Callable[[Scraped], np.ndarray]
# The same, made with the faces of everybody who is no user in view.
Filter = Callable[[Iterator[Scraped]], Stays]


def without_dropped(
    comparisons: Comparisons, seen: Seen, fit: Filter, scores: Sequence[pd.DataFrame] = ()
) -> Comparisons:
    """Return the comparisons where the gallery holds no dropped face, neither the users' nor anybody else's.

    Of a user, the pictures are judged together as they are posted: some by one attack, some by another, some not
    perturbed. A user of whom no face is left is recognized in no probe; an identity of which none is left is nobody's
    rival.

    Args:
        comparisons: of the extractor.
        seen: the extractor's embeddings, from which `comparisons` were made, of all their postings.
        fit: takes what was scraped of each person who is no user, one after the other, and returns what says of any
            person which faces stay.
        scores: what detectors say of all clean gallery faces and of the users' perturbed ones, one table per detector
            (`uncloak.recognition.flags.Scores`).

    Returns them with the one nearest rival that is left, the users' dropped faces being infinitely far. Where detectors
    are asked, pictures are as posted through "png": other channels are left out. What concerns others than users is as
    it was.

    Raises InputError where a picture has no embedding or score, the split is faulty, or as `fit` does.
    """
    judged = Scores(scores)
    postings = tuple(posting for posting in comparisons.postings if not scores or posting[1] == NO_ATTACK[1])
    columns = [comparisons.postings.index(posting) for posting in postings]
    comparisons = replace(comparisons, postings=postings, own_squared=comparisons.own_squared[:, columns])
    crowd = _Crowd(comparisons, seen, judged)
    stays = fit(crowd.strangers())
    left = crowd.left(stays)
    squared, rival = _rivals(comparisons, seen, left)
    return replace(
        comparisons,
        rival_squared=squared,
        rival=rival,
        filtered=Filtered(left["picture"].to_numpy(str), _Posted(comparisons, seen, judged, stays).keeps),
    )


class _Crowd:
    """Everybody's clean gallery faces, by person."""

    def __init__(self, comparisons: Comparisons, seen: Seen, judged: Scores):
        self._gallery, _ = gallery_and_probes(seen.split)
        pictures = self._gallery["picture"].to_numpy(str)
        self._scores = judged.of(pictures, np.full(len(pictures), CLEAN))
        self._embedding = seen.clean.view(pictures)
        self._metric = comparisons.metric

    def strangers(self) -> Iterator[Scraped]:
        """What was scraped of each person who is no user."""
        is_user = (self._gallery["role"] == USER).to_numpy()
        yield from (person for rows, person in self._people() if not is_user[rows[0]])

    def left(self, stays: Stays) -> pd.DataFrame:
        """The rows of the gallery that stay."""
        kept = [_checked(stays, person) for _, person in self._people()]
        return self._gallery[np.concatenate([*kept, np.empty(0, bool)])]

    def _people(self) -> Iterator[tuple[np.ndarray, Scraped]]:
        owners, pictures = (self._gallery[column].to_numpy(str) for column in ("identity", "picture"))
        for part in of_people(owners, at_once(self._embedding.shape[1])):
            faces, (names, starts) = self._embedding[part], np.unique(owners[part], return_index=True)
            for name, own in zip(names, np.split(np.arange(len(faces)), starts[1:]), strict=True):
                rows, seen = part.start + own, points(faces[own], self._metric)
                yield rows, Scraped(str(name), pictures[rows], seen, self._scores[:, rows], np.ones(len(rows), bool))


class _Posted:
    """The users' gallery faces by every posting."""

    def __init__(self, comparisons: Comparisons, seen: Seen, judged: Scores, stays: Stays):
        self._pictures, self._stays = comparisons.posted, stays
        made = [seen.clean if posting == NO_ATTACK else seen.perturbed[posting] for posting in comparisons.postings]
        attacks = [CLEAN if attack == NO_ATTACK[0] else attack for attack, _ in comparisons.postings]
        self._before = np.array([attack == CLEAN for attack in attacks])
        self._embedding = {
            user: np.array([points(faces.rows(pictures), comparisons.metric) for faces in made])
            for user, pictures in self._pictures.items()
        }
        self._scores = {
            user: np.stack([judged.of(pictures, np.full(len(pictures), attack)) for attack in attacks], axis=1)
            for user, pictures in self._pictures.items()
        }

    def keeps(self, user: str, made_by: np.ndarray) -> np.ndarray:
        """Do what `uncloak.recognition.comparisons.Filtered` says."""
        pictures = self._pictures[user]
        # The same pictures come again with every order in which they are chosen.
        ways, which = np.unique(made_by.reshape(-1, len(pictures)), axis=0, return_inverse=True)
        kept = np.zeros(ways.shape, dtype=bool)
        for row, places in zip(kept, ways, strict=True):
            there = np.flatnonzero(places >= 0)
            if not len(there):
                continue
            by = places[there]
            scores = self._scores[user][:, by, there]
            person = Scraped(user, pictures[there], self._embedding[user][by, there], scores, self._before[by])
            row[there] = _checked(self._stays, person)
        return kept[which.ravel()].reshape(made_by.shape)


def _checked(stays: Stays, person: Scraped) -> np.ndarray:
    kept = np.asarray(stays(person))
    if kept.shape != person.picture.shape or kept.dtype != bool:
        raise InputError(
            f"defense: says {kept.dtype} {list(kept.shape)} of the {len(person.picture)} faces of '{person.identity}';"
            " it must return one bool for each"
        )
    return kept


def _rivals(comparisons: Comparisons, seen: Seen, gallery: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return `rival_squared` and `rival` of the gallery without dropped faces, [P,1]."""
    if gallery.empty:
        return np.full((len(comparisons.probe), 1), np.inf), np.full((len(comparisons.probe), 1), -1)
    left = Gallery(seen.clean.view(gallery["picture"]), gallery["identity"], comparisons.metric)
    names = np.append(np.searchsorted(comparisons.identities, left.identities), -1)
    # A user of whom nothing is left has no place in the gallery to be left out.
    place = {name: number for number, name in enumerate(left.identities)}
    own = np.array([place.get(user, -1) for user in comparisons.user])
    found = left.rivals(seen.probing.rows(comparisons.probe), own, 1)
    return found.squared, names[found.identity]
