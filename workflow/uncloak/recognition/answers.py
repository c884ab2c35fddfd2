"""Errors of a trainer who asks two extractors."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.recognition.comparisons import Comparisons
from uncloak.recognition.evaluation import error_table
from uncloak.recognition.posting import own_distances

# See `uncloak.defenses.top_2.answer`.
Answer = Callable[[Comparisons, np.ndarray, Comparisons, np.ndarray, Any], tuple[np.ndarray, np.ndarray]]


def answered_errors(
    first: Comparisons,
    second: Comparisons,
    attacks: Mapping[str, Mapping[str, float]],
    answer: Answer,
    options: Any,
    *,
    dataset: str,
    extractor: str,
    defense: str,
    seed: int,
) -> pd.DataFrame:
    """Measure each user's error where a defense combines the answers of two extractors.

    Args:
        first: with the extractor asked first, whose name stands in the table.
        second: with the other extractor, of the same dataset.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        answer: how the answers are combined.
        options: of `answer`.
        dataset: for the table, as all others.

    Returns one row per (attack, channel, user) as `uncloak.recognition.evaluation.evaluate` does, and `passed_on`, the
    share of the user's probes that the second extractor was asked about, in [0,1].

    Raises InputError where the two are not of the same probes, pictures, postings and metric, an attack is not among
    the comparisons, or as `answer` does.
    """
    _check(first, second)
    lost, passed_on = {}, {}
    owns_by_second = own_distances(second, attacks, seed)
    for posting, own in own_distances(first, attacks, seed).items():
        lost[posting], passed_on[posting] = answer(
            first, own.min(axis=1), second, owns_by_second[posting].min(axis=1), options
        )
    names = {"dataset": dataset, "extractor": extractor, "defense": defense, "seed": seed}
    return error_table(first, lost, **names).assign(passed_on=error_table(first, passed_on, **names)["error"])


def _check(first: Comparisons, second: Comparisons) -> None:
    settings = [
        (
            *(comparisons.metric, set(comparisons.postings), comparisons.probe.tolist(), comparisons.user.tolist()),
            {user: pictures.tolist() for user, pictures in comparisons.posted.items()},
        )
        for comparisons in (first, second)
    ]
    if settings[0] != settings[1]:
        raise InputError(
            "two extractors: their comparisons differ in metric, postings, probes or pictures; make both again from one"
            " split"
        )
