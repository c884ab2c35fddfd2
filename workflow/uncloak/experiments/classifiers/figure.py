"""Protection by classifier, without defense and with robust training: figure 9 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.groups import grouped
from uncloak.figures.rates import ALL_RATES, CLEAN, COLUMNS, checked, only, plain

_CLASSIFIERS = ("linear, 100 iterations", "linear, converged", "end to end", "nearest neighbor")


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = only(plain(given.table("table", *COLUMNS, *CLEAN, "classifier", "defense_label")), "attack", given.attacks)
    subtitle = (
        "Error on the users' clean probes of classifiers built on the whole gallery. With robust training, end to end "
        f"starts from {given.told['start']}. {source(given, rows)}"
    )
    return classifiers(rows, given.attacks, _CLASSIFIERS, given.told["title"], subtitle, INTERVAL), rows


def classifiers(
    table: pd.DataFrame,
    attacks: Sequence[str],
    names: Sequence[str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates by classifier, one panel without defense and one with each.

    Args:
        table: one row per (attack, channel, classifier, defense) of one extractor, with the columns
            `uncloak.figures.rates.COLUMNS` and `CLEAN`, `classifier`, `defense` and `defense_label`; rates in [0,1].
            Rows of attacks and classifiers not asked for, and of channels other than "png", are left out.
        attacks: names of the attacks, in the order of drawing.
        names: names of the classifiers, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or classifiers are missing, repeated, or out of range.
    """
    rows = checked(
        only(plain(table), "classifier", names),
        attacks,
        ["attack", "classifier", "defense_label"],
        [*COLUMNS, *CLEAN, "classifier", "defense_label"],
        ALL_RATES,
    )
    rows["group"] = rows["classifier"]
    panels = {
        "no defense" if heading == "none" else heading: only(only(own, "classifier", names), "attack", attacks)
        for heading, own in rows.groupby("defense_label", sort=False)
    }
    everything = pd.concat(panels.values())
    # Some classifiers are too slow to train for every user; without attack one serves all.
    counts = everything.groupby("classifier")["n_users"].min()
    several = counts.nunique() > 1
    labels = {name: f"{name}\n({counts[name]} users)" if several else name for name in names}
    return grouped(panels, labels, attacks, title, subtitle, "classifier", interval)
