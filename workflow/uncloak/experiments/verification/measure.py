"""Verification of the users: is this probe near enough to the user's gallery faces, whoever else is near?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import COLUMNS, error_table
from uncloak.recognition.posting import own_distances

MEASURED = (*COLUMNS, "false_accept_rate", "gallery_size", "drawn_size", "impostors")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel; see `verification_errors`."""
    return pd.concat(
        [verification_errors(each.comparisons, each.attacks, **each.names) for each in given.recognized()],
        ignore_index=True,
    )


def verification_errors(
    comparisons: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error at the false-accept rates of the comparisons.

    A probe is accepted where it lies nearer to the user's nearest posted face than a threshold, below which at most
    that rate of impostors lie: probes of identities that are no users, against everybody's clean gallery but the
    user's, of as many pictures as the user has (`uncloak.recognition.thresholds`).

    Takes the arguments of `uncloak.recognition.evaluation.evaluate`.

    Returns one row per (false_accept_rate, attack, channel, user) with its columns (classifier "verification") and
    `false_accept_rate`, `gallery_size` (the user's pictures), `drawn_size` (those of the galleries that the threshold
    was chosen by) and `impostors` (how many comparisons those were): the error is the share of the user's clean probes
    that are not accepted, PSR@FAR in the literature.

    Raises InputError where an attack is not among the comparisons, or no impostor was compared.
    """
    if np.isnan(comparisons.false_accept_squared).any():
        raise InputError(
            "verification: no impostors to choose the threshold by; give the split at least two identities"
            " that are no users, with probes"
        )
    own = {posting: squared.min(axis=1) for posting, squared in own_distances(comparisons, attacks, seed).items()}
    users = np.array(list(comparisons.posted))
    by_probe = comparisons.false_accept_squared[np.searchsorted(users, comparisons.user)]
    tables = []
    for column, rate in enumerate(comparisons.false_accept_rates):
        lost = {posting: squared >= by_probe[:, column] for posting, squared in own.items()}
        names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
        table = error_table(comparisons, lost, **names, classifier="verification")
        places = np.searchsorted(users, table["user"].to_numpy(str))
        about = {name: getattr(comparisons, name)[places] for name in ("gallery_size", "drawn_size", "impostors")}
        tables.append(table.assign(false_accept_rate=rate, **about))
    return pd.concat(tables, ignore_index=True)
