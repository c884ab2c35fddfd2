"""Protection from open-set search: 1 - TPIR at a rate of searches that find somebody who is not in the gallery."""

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.verification.figure import drawn_by_rate

_RATE = ("false_positive_rate", "false-positive identification rate")


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    said = (
        "1 - TPIR@FPIR: share of the users' clean probes whose search does not find the user, where a fixed share of "
        "searches for people who are not in the gallery find somebody."
    )
    return drawn_by_rate(given, _RATE, said)
