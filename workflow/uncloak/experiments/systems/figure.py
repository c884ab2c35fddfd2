"""Two-model systems beside their models alone: figures 6 and 12 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.groups import grouped
from uncloak.figures.rates import ALL_RATES, CLEAN, COLUMNS, checked, only, plain

# How a second extractor is asked -> heading, and among how many of the nearest identities a model alone must find the
# user: as many as the system names.
_PANELS = {"top_2": ("top 2", 2), "confidence_threshold": ("confidence threshold", 1)}
_COLUMNS = (*COLUMNS, *CLEAN, "defense", "defense_label", "rank")


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = only(plain(given.table("table", *_COLUMNS)), "attack", given.attacks)
    subtitle = (
        "Share of the users' clean probes that a system of two models, or one of its models alone, does not recognize. "
        f"{source(given, rows)}"
    )
    together = {name: given.told["systems"][name] for name in given.standing(given.told["systems"], rows["defense"])}
    return systems(rows, given.attacks, together, given.told["title"], subtitle, INTERVAL), rows


def systems(
    table: pd.DataFrame,
    attacks: Sequence[str],
    together: Mapping[str, Mapping[str, str]],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw each system's protection rates, left for top 2, right for confidence thresholding.

    Args:
        table: one row per (attack, channel, extractor, defense, rank) with the columns `uncloak.figures.rates.COLUMNS`
            and `CLEAN`, `defense`, `defense_label` and `rank`. Rows of other attacks and channels than "png" are left
            out. Without defense, "none", an extractor stands alone: the error that the user is not among the nearest
            `rank` identities. Beside top 2 the models' two nearest identities are drawn.
        attacks: names of the attacks, in the order of drawing.
        together: defense -> its `method`, `top_2` or `confidence_threshold`, and the `second` extractor that it asks;
            in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, systems, extractors or their ranks are missing, repeated, or out of range.
    """
    rows = checked(
        plain(table),
        attacks,
        ["attack", "extractor", "defense", "rank"],
        _COLUMNS,
        ALL_RATES,
    )
    label = dict(zip(rows["extractor"], rows["extractor_label"], strict=True))
    panels, labels = {}, {}
    for method, (heading, rank) in _PANELS.items():
        names = [name for name, each in together.items() if each["method"] == method]
        if not names:
            continue
        systems_rows = only(rows, "defense", names)
        models = dict.fromkeys([*systems_rows["extractor"], *(together[name]["second"] for name in names)])
        alone = only(rows[(rows["defense"] == "none") & (rows["rank"] == rank)], "extractor", models)
        shown = pd.concat([systems_rows, alone])
        shown["group"] = [f"{row.extractor}/{method}/{row.defense}" for row in shown.itertuples()]
        seconds = [together[name]["second"] for name in names]
        for name, second in zip(names, seconds, strict=True):
            own = systems_rows[systems_rows["defense"] == name]
            # Where several ask the same one, what they are called tells them apart.
            with_it = label[second] if seconds.count(second) == 1 else own["defense_label"].iloc[0]
            for extractor in own["extractor"].unique():
                labels[f"{extractor}/{method}/{name}"] = f"{label[extractor]} + {with_it}"
        nearest = " alone" if rank == 1 else f" alone, {rank} nearest"
        for name in models:
            labels[f"{name}/{method}/none"] = label[name] + nearest
        panels[heading] = shown
    return grouped(panels, labels, attacks, title, subtitle, "system, or model alone", interval)
