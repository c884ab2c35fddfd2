"""Protection before and after robust training: figure 2 of Radiya-Dixit et al. (ICLR 2022)."""

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.defenses import by_defense
from uncloak.figures.rates import CLEAN, COLUMNS, only, plain


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = only(plain(given.table("table", *COLUMNS, *CLEAN, "defense", "defense_label")), "attack", given.attacks)
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, with an extractor as it was released and "
        f"after it was tuned on clean and perturbed faces of public identities. {source(given, rows)}"
    )
    return by_defense(rows, given.attacks, given.told["title"], subtitle, INTERVAL), rows
