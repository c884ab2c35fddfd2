"""Protection by classifier, without defense and with robust training: figure 9 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.figures.groups import grouped
from uncloak.figures.rates import ALL_RATES, CLEAN, COLUMNS, checked, only, plain

_TUNED = "end to end"


def classifiers(
    table: pd.DataFrame,
    attacks: Sequence[str],
    names: Sequence[str],
    base: str,
    robust: str,
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates by classifier, left without defense, right with robust training.

    With robust training a classifier stands on the robust extractor; "end to end" instead tunes the base extractor with
    public pairs added, defense "robust training" (ICLR 2022, appendix C.1).

    Args:
        table: one row per (attack, channel, extractor, classifier, defense) with the columns
            `uncloak.figures.rates.COLUMNS` and `CLEAN`, `classifier` and `defense`; rates in [0,1]. Rows of attacks,
            classifiers and extractors not asked for, and of channels other than "png", are left out.
        attacks: names of the attacks, in the order of drawing.
        names: names of the classifiers, in the order of drawing.
        base: the extractor without defense.
        robust: the extractor tuned from it.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, classifiers or extractors are missing, repeated, or out of range.
    """
    table = only(plain(table), "classifier", names)
    undefended = only(table, "defense", ["none"])
    tuned = table[(table["classifier"] == _TUNED) & (table["defense"] == "robust training")]
    resting = undefended[undefended["classifier"] != _TUNED]
    panels = {
        "no defense": only(undefended, "extractor", [base]),
        "robust training": pd.concat([resting[resting["extractor"] == robust], tuned[tuned["extractor"] == base]]),
    }
    for heading, rows in panels.items():
        rows = checked(
            only(rows, "classifier", names),
            attacks,
            ["attack", "classifier"],
            [*COLUMNS, *CLEAN, "classifier"],
            ALL_RATES,
        )
        panels[heading] = rows.assign(group=rows["classifier"])
    everything = pd.concat(panels.values())
    counts = everything.groupby("classifier")["n_users"].max()
    # Some classifiers are too slow to train for every user.
    several = counts.nunique() > 1
    labels = {name: f"{name}\n({counts[name]} users)" if several else name for name in names}
    return grouped(panels, labels, attacks, title, subtitle, "classifier", interval)
