"""Recognition of the users by a linear classifier on frozen embeddings (attacks.md 5.3; ICLR 2022, Figure 9).

The classifier is scikit-learn's StandardScaler and LogisticRegression (softmax, L2, C = 1), fitted for each user and
attack on everybody else's clean gallery faces and the user's posted ones. "linear, 100 iterations" is what the released
code fits: cold, and ended by its iterations rather than at the optimum. "linear, converged" is the optimum.

Only a user's few faces differ from the clean gallery, so the optimum without attack, fitted once, is the start of every
other. The scaler changes with the user's faces, too. Dividing a feature by s' instead of s and its weights by the
contrary is the same classifier but for the penalty, which then counts the old weights times (s'/s)^2; the shift goes
into the intercept, which is not penalized. So all fits stay in the clean scaling, where the start is exact.
"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from uncloak.errors import InputError
from uncloak.pictures.split import USER, in_role
from uncloak.progress import track
from uncloak.recognition.comparisons import NO_ATTACK
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.softmax_regression import Curvature, Solution, minimize_from

RELEASED, CONVERGED = "linear, 100 iterations", "linear, converged"

# At the time of the released code scikit-learn looked at the gradient of the sum over faces; today it is the mean's.
_TOLERANCE_OF_SUM = 1e-4


def evaluate(
    clean: Embeddings,
    perturbed: Mapping[tuple[str, str], Embeddings],
    split: pd.DataFrame,
    *,
    dataset: str,
    extractor: str,
    seed: int,
    classifiers: Sequence[str] = (RELEASED, CONVERGED),
) -> pd.DataFrame:
    """Measure each user's error, the share of clean probes that the classifier takes for somebody else.

    Args:
        clean: embeddings of all clean faces.
        perturbed: (attack, channel) -> embeddings of at least every user's gallery faces as posted.
        split: columns picture, identity, part (gallery, probe, none) and role (user, public, detector, background,
            other); background identities are in no gallery.
        dataset: the dataset's name, for the table.
        extractor: the extractor's name, for the table.
        seed: the experiment's seed, for the table; nothing is random here.
        classifiers: `RELEASED`, `CONVERGED` or both.

    Returns one row per (classifier, attack, channel, user) with the columns
    `uncloak.recognition.evaluation.COLUMNS`, metric "softmax", `error` in [0,1]: first without attack (attack "none"
    through "png").

    Raises InputError for an unknown classifier, a faulty split, missing pictures, or different dimensions.
    """
    unknown = [name for name in classifiers if name not in (RELEASED, CONVERGED)]
    if unknown:
        raise InputError(f"classifier '{unknown[0]}' is not known; use '{RELEASED}' or '{CONVERGED}'")
    if NO_ATTACK in perturbed:
        raise InputError("attack 'none' through 'png' stands for the clean faces as they are; give it another name")
    gallery, probes = gallery_and_probes(split)
    probes = in_role(probes, USER)
    owners, askers = gallery["identity"].to_numpy(str), probes["identity"].to_numpy(str)
    if len(set(owners)) < 3:
        raise InputError("split: a linear classifier needs at least 3 identities in the gallery; add some")
    asked = clean.rows(probes["picture"]).astype(np.float64)
    faces = clean.rows(gallery["picture"]).astype(np.float64)
    users = {user: np.flatnonzero(owners == user) for user in sorted(set(askers))}
    posted = {
        posting: {user: embeddings.rows(gallery["picture"].iloc[rows]) for user, rows in users.items()}
        for posting, embeddings in sorted(perturbed.items())
    }
    for posting, embeddings in perturbed.items():
        if embeddings.dimensions != faces.shape[1]:
            raise InputError(
                f"{embeddings.origin}: embeddings of attack '{posting[0]}' have {embeddings.dimensions}"
                f" dimensions, those of the clean faces {faces.shape[1]}; take both from one extractor"
            )

    fits = {RELEASED: Released, CONVERGED: Converged}
    records = []
    for classifier in classifiers:
        fit = fits[classifier](faces, owners)
        unattacked = fit.predict(asked)
        cases = [(posting, user) for posting in posted for user in users]
        wrong = {(NO_ATTACK, user): unattacked[askers == user] != user for user in users}
        for posting, user in track(cases, len(cases), f"{classifier}, {extractor}", unit="fits"):
            fit.post(users[user], posted[posting][user])
            wrong[posting, user] = fit.predict(asked[askers == user]) != user
        for ((attack, channel), user), lost in wrong.items():
            setting = dataset, attack, channel, extractor, classifier, "none", "softmax"
            records.append((*setting, user, 0, 1, len(lost), float(lost.mean()), seed))
    return pd.DataFrame(records, columns=list(COLUMNS))


class Released:
    """scikit-learn's classifier as the released code fits it: from zero, at most 100 iterations.

    Made of clean faces float64 [N,D] of `owners` (text [N]), and fitted to them.
    """

    def __init__(self, faces: np.ndarray, owners: np.ndarray):
        self._faces, self._owners = faces, owners
        self._fit(faces)

    def post(self, rows: np.ndarray, faces: np.ndarray) -> None:
        """Fit with `faces` [R,D] in place of the clean faces in `rows` (int [R]) alone."""
        attacked = self._faces.copy()
        attacked[rows] = faces
        self._fit(attacked)

    def predict(self, probes: np.ndarray) -> np.ndarray:
        """Return whose each of `probes` [P,D] are taken for, text [P]."""
        return self._model.predict(self._scaler.transform(probes))

    def _fit(self, faces: np.ndarray) -> None:
        self._scaler = StandardScaler().fit(faces)
        self._model = cold_fit(self._scaler.transform(faces), self._owners, max_iter=100)


class Converged:
    """The optimum of the same objective, reached from that of the clean faces; used as `Released`.

    Attributes:
        solution: in the scaling of the clean faces.
    """

    def __init__(self, faces: np.ndarray, owners: np.ndarray):
        self._names, self._codes = np.unique(owners, return_inverse=True)
        self._clean = faces
        self._scaler = StandardScaler().fit(faces)
        model = cold_fit(self._scaler.transform(faces), owners, max_iter=100_000)
        self._start = np.column_stack([model.coef_, model.intercept_])
        self._faces = self._scaled(faces)
        self._curvature = Curvature(self._start, self._faces)
        self.solution = Solution(self._start, int(model.n_iter_[0]))

    def post(self, rows: np.ndarray, faces: np.ndarray) -> None:
        """Fit with `faces` [R,D] in place of the clean faces in `rows` (int [R]) alone."""
        attacked = self._clean.copy()
        attacked[rows] = faces
        scales = StandardScaler().fit(attacked).scale_
        penalty = np.append(np.square(scales / self._scaler.scale_), 0.0)
        kept = self._faces[rows]
        self._faces[rows] = self._scaled(faces)
        try:
            self.solution = minimize_from(self._start, self._curvature, self._faces, self._codes, penalty)
        finally:
            self._faces[rows] = kept

    def predict(self, probes: np.ndarray) -> np.ndarray:
        """Return whose each of `probes` [P,D] are taken for, text [P]."""
        return self._names[(self._scaled(probes) @ self.solution.weights.T).argmax(axis=1)]

    def _scaled(self, faces: np.ndarray) -> np.ndarray:
        return np.column_stack([self._scaler.transform(faces), np.ones(len(faces))])


def cold_fit(scaled: np.ndarray, owners: np.ndarray, max_iter: int) -> LogisticRegression:
    """Return scikit-learn's fit to `scaled` float64 [N,D] from zero, with the tolerance of the released code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # silenced by the released code, too
        return LogisticRegression(
            C=1.0, solver="lbfgs", tol=_TOLERANCE_OF_SUM / len(scaled), max_iter=max_iter, random_state=0
        ).fit(scaled, owners)
