"""Which faces the detectors take for perturbed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from uncloak.errors import InputError

CLEAN = "clean"

_COLUMNS = ("picture", "posting", "score")


class Flags:
    """Faces flagged by at least one of several detectors, found by picture and posting."""

    def __init__(self, scores: Sequence[pd.DataFrame], threshold: float = 0.5):
        """Flag every face that a detector's table gives a score of at least `threshold`.

        Args:
            scores: one table per detector, with columns picture, posting ("clean", or the attack that made the face)
                and score in [0,1]; further columns are ignored.
            threshold: in [0,1].

        Raises InputError where there is no table, a column is missing, or a score or the threshold is not in [0,1].
        """
        if not scores:
            raise InputError("detector scores: there are none; name at least one detector")
        if not 0 <= threshold <= 1:
            raise InputError(f"detector threshold: is {threshold}; it must lie in [0,1]")
        self._flagged = [_flagged(table, threshold) for table in scores]

    def of(self, pictures: Sequence[str], postings: Sequence[str]) -> np.ndarray:
        """Return, bool [K], whether the face made of each picture [K] by the posting [K] is flagged.

        Raises InputError where a detector did not score a face.
        """
        faces = pd.MultiIndex.from_arrays([np.asarray(postings, dtype=object), np.asarray(pictures, dtype=object)])
        return np.any([_find(flagged, faces) for flagged in self._flagged], axis=0)


def _flagged(table: pd.DataFrame, threshold: float) -> pd.Series:
    """Return whether one detector flags each face, by posting and picture."""
    missing = [column for column in _COLUMNS if column not in table]
    if missing:
        raise InputError(f"detector scores: have no column '{missing[0]}'; they need {', '.join(_COLUMNS)}")
    wrong = table[~pd.to_numeric(table["score"], errors="coerce").between(0, 1)]
    if len(wrong):
        raise InputError(
            f"detector scores: picture '{wrong.iloc[0].picture}' has the score {wrong.iloc[0].score};"
            " scores lie in [0,1]"
        )
    return table.groupby(["posting", "picture"])["score"].max() >= threshold


def _find(flagged: pd.Series, faces: pd.MultiIndex) -> np.ndarray:
    rows = flagged.index.get_indexer(faces)
    if (rows < 0).any():
        posting, picture = faces[rows < 0][0]
        raise InputError(
            f"detector scores: have none of picture '{picture}' from '{posting}' ({np.count_nonzero(rows < 0)} of"
            f" {len(rows)} missing); score all gallery faces, clean and posted"
        )
    return flagged.to_numpy()[rows]
