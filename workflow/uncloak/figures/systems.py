"""Two-model systems beside their models alone: figures 6 and 12 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.figures.groups import grouped
from uncloak.figures.rates import ALL_RATES, CLEAN, COLUMNS, checked, only, plain

# Classifier of a system -> among how many of the nearest identities a model alone must find the user: as many as the
# system names.
_PANELS = {"top 2": 2, "confidence threshold": 1}


def systems(
    table: pd.DataFrame,
    ranks: pd.DataFrame,
    attacks: Sequence[str],
    names: Sequence[str],
    alone: Sequence[str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw each system's protection rates, left for top 2, right for confidence thresholding.

    Args:
        table: the systems' rates, one row per (attack, channel, extractor, classifier) with the columns
            `uncloak.figures.rates.COLUMNS` and `CLEAN`, `classifier` and `defense`; `extractor` is the system. Rows of
            other attacks, channels than "png", and systems are left out, and those with a defense.
        ranks: the models' rates with the columns, too, `rank` and `among`: the error that the user is not among the
            nearest `rank` "identities". Beside top 2 the models' two nearest identities are drawn.
        attacks: names of the attacks, in the order of drawing.
        names: names of the systems, in the order of drawing.
        alone: names of the extractors to draw alone, after the systems.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, systems, extractors or their ranks are missing, repeated, or out of range.
    """
    together = only(only(only(plain(table), "defense", ["none"]), "extractor", names), "classifier", list(_PANELS))
    single = only(only(only(plain(ranks), "among", ["identities"]), "extractor", alone), "rank", set(_PANELS.values()))
    together, single = (
        checked(rows, attacks, ["attack", "extractor", column], [*COLUMNS, *CLEAN, column], ALL_RATES)
        for rows, column in ((together, "classifier"), (single, "rank"))
    )
    panels, labels = {}, {}
    for classifier, rank in _PANELS.items():
        rows = pd.concat([together[together["classifier"] == classifier], single[single["rank"] == rank]])
        rows["group"] = rows["extractor"] + "/" + classifier
        nearest = " alone" if rank == 1 else f" alone, {rank} nearest"
        for name in (*names, *alone):
            label = rows.loc[rows["extractor"] == name, "extractor_label"]
            labels[f"{name}/{classifier}"] = label.iloc[0] + nearest * (name in alone)
        panels[classifier] = rows
    return grouped(panels, labels, attacks, title, subtitle, "system, or model alone", interval)
