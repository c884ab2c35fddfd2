"""Open-set identification of the users: who is this, if anybody in the gallery? (ISO/IEC 19795-1; NIST FRTE 1:N)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import COLUMNS, error_table, rival_is_nearer
from uncloak.recognition.posting import own_distances
from uncloak.recognition.thresholds import lowest_share

# Of searches, of which there are far fewer than comparisons.
FALSE_POSITIVE_RATES = (0.1, 0.01)
MEASURED = (*COLUMNS, "false_positive_rate", "searches")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel; see `open_set_errors`."""
    return pd.concat(
        [open_set_errors(each.comparisons, each.attacks, **each.names) for each in given.recognized()],
        ignore_index=True,
    )


def open_set_errors(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error at the false-positive identification rates `FALSE_POSITIVE_RATES`.

    A search by a probe finds the identity of its nearest gallery face, if that lies nearer than a threshold, below
    which at most that rate (FPIR) of the searches for people who are not in the gallery lie. These searches are by the
    probes of identities that are no users, with the identity's own faces left out of the gallery, and the user's, too:
    what the user posts changes no threshold.

    Takes the arguments of `uncloak.recognition.evaluation.evaluate`.

    Returns one row per (false_positive_rate, attack, channel, user) with its columns (classifier "open set") and
    `false_positive_rate`, `searches` (how many chose the threshold): the error is the share of the user's clean probes
    that do not find the user, 1 - TPIR.

    Raises InputError where an attack is not among the comparisons, or nobody searched.
    """
    thresholds = {user: _thresholds(comparisons, place) for place, user in enumerate(comparisons.posted)}
    by_probe = np.array([thresholds[user] for user in comparisons.user])
    own = {posting: squared.min(axis=1) for posting, squared in own_distances(comparisons, attacks, seed).items()}
    tables = []
    for column, rate in enumerate(FALSE_POSITIVE_RATES):
        lost = {
            posting: rival_is_nearer(comparisons, squared) | (squared >= by_probe[:, column])
            for posting, squared in own.items()
        }
        names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
        table = error_table(comparisons, lost, **names, classifier="open set")
        tables.append(table.assign(false_positive_rate=rate, searches=len(comparisons.other_own_squared)))
    return pd.concat(tables, ignore_index=True)


def _thresholds(comparisons: Comparisons, user: int) -> list[float]:
    """Return the threshold of each rate where the gallery is without the user at this place of `posted`."""
    others = np.delete(comparisons.other_user_squared, user, axis=1).min(axis=1, initial=np.inf)
    nearest = np.minimum(comparisons.other_rival_squared, others)
    if not np.isfinite(nearest).any():
        raise InputError(
            "open set: no searches for people who are not in the gallery, to choose the threshold by; give the split"
            " identities that are no users, with probes"
        )
    return [lowest_share(nearest, rate) for rate in FALSE_POSITIVE_RATES]
