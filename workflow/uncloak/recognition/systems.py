"""Two-model systems: an accurate extractor, and a robust one that helps out (ICLR 2022, section 3.5).

"top 2" returns the nearest identity of either extractor, and is wrong where both are. "confidence threshold" asks the
robust extractor instead of the accurate one where the accurate one's nearest gallery face is too far away.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import error_table, rival_is_nearer
from uncloak.recognition.posting import own_distances


def evaluate_system(
    accurate: Comparisons,
    robust: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    system: str,
    seed: int,
    share: float = 0.02,
) -> pd.DataFrame:
    """Measure each user's error with both ways to combine two extractors.

    Args:
        accurate: with the extractor asked first.
        robust: with the other extractor, of the same dataset.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        dataset: the dataset's name, for the table.
        system: the system's name, which stands as the extractor.
        seed: of the experiment, by which mixtures divide the pictures.
        share: of clean probes; fewer than these go to both extractors (`confidence_threshold`).

    Returns one row per (classifier, attack, channel, user) with the columns of
    `uncloak.recognition.evaluation.evaluate`, in its order, and `passed_on`, the share of the user's probes that the
    robust extractor was asked about, in [0,1]: 1 for "top 2".

    Raises InputError where the two are not of the same probes, pictures, sources and metric, an attack is not among
    the comparisons, or as `confidence_threshold` does.
    """
    _check(accurate, robust)
    threshold = confidence_threshold(accurate, share)
    lost_by_both, lost_by_confidence, passed_on = {}, {}, {}
    owns_by_robust = own_distances(robust, attacks, seed)
    for source, own in own_distances(accurate, attacks, seed).items():
        nearest_own = own.min(axis=1)
        lost = rival_is_nearer(accurate, nearest_own)
        lost_by_robust = rival_is_nearer(robust, owns_by_robust[source].min(axis=1))
        passed_on[source] = np.minimum(nearest_own, accurate.rival_squared[:, 0]) > threshold
        lost_by_both[source] = lost & lost_by_robust
        lost_by_confidence[source] = np.where(passed_on[source], lost_by_robust, lost)

    def table(values: Mapping[tuple[str, str], np.ndarray], classifier: str) -> pd.DataFrame:
        return error_table(accurate, values, dataset=dataset, extractor=system, seed=seed, classifier=classifier)

    confident = table(lost_by_confidence, "confidence threshold")
    shares = table(passed_on, "confidence threshold")["error"]
    return pd.concat(
        [table(lost_by_both, "top 2").assign(passed_on=1.0), confident.assign(passed_on=shares)], ignore_index=True
    )


def confidence_threshold(accurate: Comparisons, share: float) -> float:
    """Return the smallest squared distance that less than `share` of the clean probes of others than users exceed.

    A probe's distance is that to its nearest gallery face, of whatever identity.

    Raises InputError where `share` is not above 0 and at most 1, or there are no such probes.
    """
    if not 0 < share <= 1:
        raise InputError(f"two-model systems: the share of probes is {share}; it must be above 0 and at most 1")
    nearest = np.minimum(accurate.other_own_squared, accurate.other_rival_squared)
    if not len(nearest):
        raise InputError(
            "two-model systems: the threshold needs probes of identities that are no users; give the split some"
        )
    # The decimal as written: 0.07 of 100 probes is 7, not a little more.
    allowed = math.ceil(Fraction(str(share)) * len(nearest)) - 1
    return float(np.sort(nearest)[::-1][allowed])


def _check(accurate: Comparisons, robust: Comparisons) -> None:
    settings = [
        (
            *(comparisons.metric, set(comparisons.sources), comparisons.probe.tolist(), comparisons.user.tolist()),
            {user: pictures.tolist() for user, pictures in comparisons.posted.items()},
        )
        for comparisons in (accurate, robust)
    ]
    if settings[0] != settings[1]:
        raise InputError(
            "two-model systems: the two extractors' comparisons differ in metric, sources, probes or pictures;"
            " make both again from one split"
        )
