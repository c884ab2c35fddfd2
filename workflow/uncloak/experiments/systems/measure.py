"""Errors of two extractors together, and of each alone at the ranks that a system may name (ICLR 2022, section 3.5)."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.ranks.measure import rank_errors
from uncloak.recognition.answers import answered_errors

RANKS = (1, 2)


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and channel.

    Of an extractor alone there are rows at the ranks `RANKS` (the user is not among so many nearest identities); where
    two answer, `passed_on` is the share of probes that the second was asked about.
    """
    tables = []
    for each in given.recognized():
        if each.answer:
            tables.append(answered_errors(each.comparisons, each.second, each.attacks, *each.answer, **each.names))
        else:
            alone = rank_errors(each.comparisons, each.attacks, **each.names)
            tables.append(alone[alone["rank"].isin(RANKS) & (alone["among"] == "identities")].drop(columns="among"))
    return pd.concat(tables, ignore_index=True)
