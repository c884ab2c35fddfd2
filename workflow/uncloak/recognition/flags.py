"""What detectors say of faces, and which they take for perturbed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from uncloak.errors import InputError

CLEAN = "clean"

SCORE_COLUMNS = ("picture", "posting", "score")


class Scores:
    """What several detectors say of faces, found by picture and posting."""

    def __init__(self, tables: Sequence[pd.DataFrame]):
        """Keep one table per detector, with columns picture, posting ("clean", or the attack that made the face) and
        score in [0,1]; further columns are ignored.

        Raises InputError where a column is missing, or a score is not in [0,1].
        """
        self._scores = [_by_face(table) for table in tables]

    def of(self, pictures: Sequence[str], postings: Sequence[str]) -> np.ndarray:
        """Return, float64 [D,K], the scores of D detectors of the face made of each picture [K] by the posting [K].

        Raises InputError where a detector did not score a face.
        """
        if not self._scores:
            return np.empty((0, len(pictures)))
        faces = pd.MultiIndex.from_arrays([np.asarray(postings, dtype=object), np.asarray(pictures, dtype=object)])
        return np.array([_find(scores, faces) for scores in self._scores])


class Flags:
    """Faces flagged by at least one of several detectors, found by picture and posting."""

    def __init__(self, scores: Sequence[pd.DataFrame], threshold: float = 0.5):
        """Flag every face that a detector's table (see `Scores`) gives a score of at least `threshold`, in [0,1].

        Raises InputError where there is no table, the threshold is not in [0,1], or as `Scores` does.
        """
        if not scores:
            raise InputError("detector scores: there are none; name at least one detector")
        if not 0 <= threshold <= 1:
            raise InputError(f"detector threshold: is {threshold}; it must lie in [0,1]")
        self._scores, self._threshold = Scores(scores), threshold

    def of(self, pictures: Sequence[str], postings: Sequence[str]) -> np.ndarray:
        """Return, bool [K], whether the face made of each picture [K] by the posting [K] is flagged.

        Raises InputError where a detector did not score a face.
        """
        return (self._scores.of(pictures, postings) >= self._threshold).any(axis=0)


def _by_face(table: pd.DataFrame) -> pd.Series:
    """Return one detector's score of each face, by posting and picture."""
    missing = [column for column in SCORE_COLUMNS if column not in table]
    if missing:
        raise InputError(f"detector scores: have no column '{missing[0]}'; they need {', '.join(SCORE_COLUMNS)}")
    wrong = table[~pd.to_numeric(table["score"], errors="coerce").between(0, 1)]
    if len(wrong):
        raise InputError(
            f"detector scores: picture '{wrong.iloc[0].picture}' has the score {wrong.iloc[0].score};"
            " scores lie in [0,1]"
        )
    return table.groupby(["posting", "picture"])["score"].max()


def _find(scores: pd.Series, faces: pd.MultiIndex) -> np.ndarray:
    rows = scores.index.get_indexer(faces)
    if (rows < 0).any():
        posting, picture = faces[rows < 0][0]
        raise InputError(
            f"detector scores: have none of picture '{picture}' from '{posting}' ({np.count_nonzero(rows < 0)} of"
            f" {len(rows)} missing); score all gallery faces, clean and posted"
        )
    return scores.to_numpy()[rows]
