"""The end of a figure's subtitle, in a module of its own: jobs that measure and average do without figures."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.figures import rates

INTERVAL = "95 % interval over users (Korn and Graubard)"


def source(given: Given, rows: pd.DataFrame) -> str:
    """The end of a subtitle: over how many users the rates are means, of which dataset, after which figure."""
    return rates.source(rows, given.told["dataset_label"], given.seed, given.told["paper"])
