"""Errors of nearest-neighbor recognition, as of the experiment `protection`, by the place between the two ends."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.protection.measure import measure
from uncloak.recognition.evaluation import COLUMNS as MEASURED

__all__ = ["MEASURED", "average", "measure"]


def average(given: Given, errors: pd.DataFrame) -> pd.DataFrame:
    """Return the averages over users with `alpha`, the tuned extractor's share of the weights."""
    from uncloak.experiments.averaging import average as averaged  # brings SciPy along, and measuring does without

    rates = averaged(given, errors)
    return rates.assign(alpha=rates["extractor"].map(given.told["alphas"])).sort_values("alpha", kind="stable")
