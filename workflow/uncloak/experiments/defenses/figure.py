"""Protection and clean error without defense and with each."""

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
        "Error of nearest-neighbor recognition on the users' clean probes. A defense that treats faces treats every "
        f"scraped face, of users and of everybody else. {source(given, rows)}"
    )
    return by_defense(rows, given.attacks, given.told["title"], subtitle, INTERVAL), rows
