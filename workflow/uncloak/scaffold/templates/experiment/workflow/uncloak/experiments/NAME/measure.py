"""Errors of a vote of all probes of a user."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.evaluation import evaluate


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel; see `voted`."""
    errors = [evaluate(each.comparisons, each.attacks, **each.names) for each in given.recognized()]
    return voted(pd.concat(errors, ignore_index=True), given.options.share)


def voted(errors: pd.DataFrame, share: float) -> pd.DataFrame:
    """Let the probes of each user vote.

    errors: one row per user and whatever else, with the `error` of the single probes in [0,1].

    Returns the same rows with the error 0 where at least `share` of the user's probes are recognized, and 1 elsewhere.
    """
    return errors.assign(error=(1 - errors["error"] < share).astype(float))
