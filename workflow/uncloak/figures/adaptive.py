"""Protection before and after robust training: figure 2 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.figures.groups import grouped
from uncloak.figures.rates import ALL_RATES, CLEAN, COLUMNS, checked, only, plain


def adaptive(
    table: pd.DataFrame,
    attacks: Sequence[str],
    extractors: Sequence[str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw the protection rates under each attack, in one group per extractor.

    Args:
        table: one row per (attack, channel, extractor) with the columns `uncloak.figures.rates.COLUMNS` and `CLEAN`,
            rates in [0,1]. Attack "none" is the clean error. Rows of attacks and extractors not asked for, and of
            channels other than "png", are left out.
        attacks: names of the attacks, in the order of drawing.
        extractors: names of the extractors, in the order of drawing: each base before the one tuned from it.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range.
    """
    rows = checked(
        only(plain(table), "extractor", extractors),
        attacks,
        ["attack", "extractor"],
        [*COLUMNS, *CLEAN],
        ALL_RATES,
    )
    labels = dict(zip(rows["extractor"], rows["extractor_label"], strict=True))
    groups = {extractor: labels[extractor] for extractor in extractors}
    return grouped(
        {"": rows.assign(group=rows["extractor"])}, groups, attacks, title, subtitle, "feature extractor", interval
    )
