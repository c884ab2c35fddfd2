"""Errors of nearest-neighbor recognition (attacks.md 5.2, 5.3)."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.answers import answered_errors
from uncloak.recognition.evaluation import evaluate
from uncloak.recognition.growing import grown_errors


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel (`uncloak.recognition.evaluation.evaluate`).

    Where two extractors answer, `passed_on` is the share of probes that the second was asked about; where the gallery
    grows, an error is the mean over orders in which pictures come (`uncloak.recognition.growing`).
    """
    tables = []
    for each in given.recognized():
        if each.answer:
            tables.append(answered_errors(each.comparisons, each.second, each.attacks, *each.answer, **each.names))
        elif each.growth:
            tables.append(grown_errors(each.comparisons, each.attacks, *each.growth, **each.names))
        else:
            tables.append(evaluate(each.comparisons, each.attacks, **each.names))
    return pd.concat(tables, ignore_index=True)
