"""How well a detector tells perturbed from clean faces: Tables 2 and 3 of Radiya-Dixit et al. (ICLR 2022), and ROC."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from uncloak.defenses.detection_pictures import PARTS
from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.recognition.flags import CLEAN
from uncloak.recognition.intervals import bootstrap_interval, rate_interval
from uncloak.tables import read_table

MEASURES = ("accuracy", "precision", "recall", "auc")
MEASURED = COLUMNS = (
    *("dataset", "detector", "trained_on", "attack"),
    *(f"{measure}{end}" for measure in MEASURES for end in ("", "_low", "_high")),
    *("n_identities", "n_pictures", "seed"),
)
SCORE_COLUMNS = ("dataset", "detector", "picture", "identity", "part", "posting", "score")
_AT_ONCE = 1000


def measure(given: Given) -> pd.DataFrame:
    """Return how well each detector tells each attack's pictures (`detection_metrics`)."""
    return pd.concat(
        [
            detection_metrics(
                read_table(path, *SCORE_COLUMNS), learned, given.told["attacks"], given.options.threshold, given.seed
            )
            for path, learned in zip(given.files["scores"], given.told["learned"], strict=True)
        ],
        ignore_index=True,
    )


def average(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is: its rows are means over people, with intervals."""
    return table


def detection_metrics(
    scores: pd.DataFrame, trained_on: Sequence[str], attacks: Sequence[str], threshold: float, seed: int
) -> pd.DataFrame:
    """Measure one detector on each attack's pictures of the test identities and the same pictures unperturbed.

    Args:
        scores: columns dataset, detector, picture, identity, part, posting ("clean" or an attack) and score in
            [0,1], of one dataset and detector; only rows of part "test" are looked at.
        trained_on: the attacks that the detector has learned.
        attacks: those to measure, as many rows.
        threshold: score from which a face counts as perturbed.
        seed: of the experiment, for the resampling of the area.

    Returns one row per attack with the columns `COLUMNS`, `trained_on` joined by blanks. Accuracy, precision, recall
    and AUC lie in [0,1]; precision is 0 where nothing is flagged. `*_low` to `*_high` is the 95 % interval over test
    identities: of shares of pictures that of `uncloak.recognition.intervals.rate_interval`, every picture counting
    alike; of the area, which is no share of a person's pictures, the percentile bootstrap's. Nothing is known, 0 to 1,
    of the precision where nothing is flagged and of the area of a single person.

    Raises InputError where columns are missing, several detectors are mixed, or an attack has no test pictures or not
    the same as were scored unperturbed.
    """
    records = []
    for attack in attacks:
        clean, perturbed = _test_pairs(scores, attack)
        dataset, detector = _only(scores, "dataset"), _only(scores, "detector")
        owners = clean["identity"].to_numpy(str)
        evidence = _Evidence(
            owners, clean["score"].to_numpy(np.float64), perturbed["score"].to_numpy(np.float64), threshold
        )
        values = {}
        for measure in MEASURES:
            value, low, high = evidence.with_interval(measure, seed)
            values |= {measure: value, f"{measure}_low": low, f"{measure}_high": high}
        records.append(
            {
                **{"dataset": dataset, "detector": detector, "trained_on": " ".join(trained_on), "attack": attack},
                **values,
                **{"n_identities": len(np.unique(owners)), "n_pictures": 2 * len(owners), "seed": seed},
            }
        )
    return pd.DataFrame(records, columns=list(COLUMNS))


def roc_curves(scores: pd.DataFrame, attacks: Sequence[str]) -> pd.DataFrame:
    """Return the ROC curve of one detector for each attack, on the same pictures as `detection_metrics`.

    Returns columns dataset, detector, attack, threshold, false_positive_rate and true_positive_rate: from (0, 0),
    with an infinite threshold, by every distinct score, falling, to (1, 1). A face is flagged from the threshold on.

    Raises InputError as `detection_metrics` does.
    """
    curves = []
    for attack in attacks:
        clean, perturbed = (np.sort(rows["score"].to_numpy(np.float64)) for rows in _test_pairs(scores, attack))
        thresholds = np.concatenate([[np.inf], np.unique(np.concatenate([clean, perturbed]))[::-1]])
        curves.append(
            pd.DataFrame(
                {
                    **{"dataset": _only(scores, "dataset"), "detector": _only(scores, "detector")},
                    **{"attack": attack, "threshold": thresholds},
                    "false_positive_rate": (len(clean) - np.searchsorted(clean, thresholds)) / len(clean),
                    "true_positive_rate": (len(perturbed) - np.searchsorted(perturbed, thresholds)) / len(perturbed),
                }
            )
        )
    return pd.concat(curves, ignore_index=True)


class _Evidence:
    """What the measures need of one detector and one attack, summed up by identity.

    The area, too, is a function of how often each identity is drawn, so that resampling identities needs no picture.
    """

    def __init__(self, owners: np.ndarray, clean: np.ndarray, perturbed: np.ndarray, threshold: float):
        """Sum up scores [N] of the same N pictures clean and perturbed; `owners` [N] are their identities."""
        codes = np.unique(owners, return_inverse=True)[1]
        self.count = codes.max() + 1
        member = (codes == np.arange(self.count)[:, None]).astype(np.float64)
        self._pictures = member.sum(axis=1)
        self._found = member @ (perturbed >= threshold)
        self._false = member @ (clean >= threshold)
        # A pair is won where the perturbed face has the higher score, and half won at a tie.
        wins = (perturbed[:, None] > clean) + 0.5 * (perturbed[:, None] == clean)
        self._wins = member @ wins @ member.T

    def with_interval(self, measure: str, seed: int) -> tuple[float, float, float]:
        if measure == "auc":
            return float(self._area(np.ones(self.count))), *self._area_interval(seed)
        right, of = {
            "accuracy": (self._found + self._pictures - self._false, 2 * self._pictures),
            "precision": (self._found, self._found + self._false),
            "recall": (self._found, self._pictures),
        }[measure]
        right, of = right[of > 0], of[of > 0]
        if not len(of):
            return 0.0, 0.0, 1.0
        low, high = rate_interval(right / of, of, of)
        return float(right.sum() / of.sum()), float(low), float(high)

    def _area_interval(self, seed: int) -> tuple[float, float]:
        """Draw identities: an area compares pictures of different people, so it is no rate over people."""
        if self.count == 1:
            return 0.0, 1.0

        def resampled(identities: np.ndarray, axis: int) -> np.ndarray:
            drawn = np.zeros(identities.shape)
            np.add.at(drawn, (*np.indices(identities.shape)[:-1], identities), 1)
            return self._area(drawn)

        return bootstrap_interval((np.arange(self.count),), resampled, seed, "identities", batch=_AT_ONCE)

    def _area(self, drawn: np.ndarray) -> np.ndarray:
        """Return the area where each identity is drawn so many times, float [...,identities] -> [...]."""
        return ((drawn @ self._wins) * drawn).sum(axis=-1) / (drawn @ self._pictures) ** 2


def _test_pairs(scores: pd.DataFrame, attack: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the test identities' clean pictures and of the same pictures perturbed, in one order."""
    missing = [column for column in SCORE_COLUMNS if column not in scores]
    if missing:
        raise InputError(f"detector scores: have no column '{missing[0]}'; they need {', '.join(SCORE_COLUMNS)}")
    test = scores[scores["part"] == PARTS[1]].sort_values("picture", kind="stable")
    clean, perturbed = (test[test["posting"] == posting] for posting in (CLEAN, attack))
    if not len(perturbed):
        raise InputError(f"detector scores: have no test pictures of attack '{attack}'; perturb and score some")
    clean = clean[clean["picture"].isin(perturbed["picture"])]
    if clean["picture"].tolist() != perturbed["picture"].tolist():
        raise InputError(
            f"detector scores: test pictures of attack '{attack}' are not the same clean and perturbed, each once;"
            " score them again"
        )
    return clean, perturbed


def _only(scores: pd.DataFrame, column: str) -> str:
    values = scores[column].unique()
    if len(values) != 1:
        raise InputError(f"detector scores: several values of '{column}' ({', '.join(values)}); give them one by one")
    return values[0]
