"""Protection without defense and with each: groups of markers, one panel per extractor."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.figures.groups import grouped
from uncloak.figures.rates import ALL_RATES, CLEAN, COLUMNS, by_release, checked, plain


def by_defense(
    table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.ConcatChart:
    """Draw the protection rates under each attack, in one group per defense and one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor, defense) with the columns `uncloak.figures.rates.COLUMNS` and
            `CLEAN`, `defense` and `defense_label`, rates in [0,1]. Attack "none" is the clean error. Rows of attacks
            not asked for, and of channels other than "png", are left out. Defenses stand in the table's order.
        attacks: names of the attacks, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    own = ["defense", "defense_label"]
    rows = checked(plain(table), attacks, ["attack", "extractor", "defense"], [*COLUMNS, *CLEAN, *own], ALL_RATES)
    rows["group"] = rows["defense"]
    labels = dict(zip(rows["defense"], rows["defense_label"].replace("none", "no defense"), strict=True))
    # A robustly trained extractor is newer than the one it takes the place of.
    plainly = rows[rows["defense"] == "none"] if "none" in set(rows["defense"]) else rows
    panels = {
        extractor.extractor_label: rows[rows["extractor"] == extractor.extractor]
        for extractor in by_release(plainly, "last").itertuples()
    }
    return grouped(panels, labels, attacks, title, subtitle, "defense", interval)
