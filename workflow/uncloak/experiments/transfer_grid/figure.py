"""Attacks by what they were made for against extractors, by rank, by who posts and what (LowKey's Tables 2 and 5)."""

from collections.abc import Mapping
from itertools import product

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.matrix import CELL_WIDTH, matrix
from uncloak.figures.rates import COLUMNS, PLAIN_CHANNEL, by_release, checked

_POSTERS = {"all": "All users post at once", "one": "One user posts at a time"}
_OUTLINED = "Outlined: extractors that the attack knew."
_ALONE = "People who are only in the gallery are left out. "
_CLEAN = {"none": "no attack"}
_UNDEFENDED, _WHOLE = "none", "whole"
_OWN = ("defense", "rank", "posters", "gallery")
# Matrices of so few extractors stand in pairs.
_NARROW = 3
_LEAST_WIDTH = 480


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = given.table("table", *COLUMNS, "among", *_OWN)
    rows = table[table["among"] == "pictures"]
    subtitle = (
        "Share of the users' clean probes, in percent, for which none of the user's is among the k nearest gallery "
        f"pictures. {'' if given.options.distractors else _ALONE}{source(given, rows)}"
    )
    treatments = {_UNDEFENDED: "", **given.told["treatments"]}
    channels = {PLAIN_CHANNEL: "", **given.told["through"]}
    return grid(rows, given.told["lines"], treatments, channels, given.told["title"], subtitle, INTERVAL), rows


def grid(
    table: pd.DataFrame,
    lines: Mapping[str, str],
    treatments: Mapping[str, str],
    channels: Mapping[str, str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates, a matrix for each way to post, rank, treatment of faces, channel and size of galleries.

    Args:
        table: one row per (attack, extractor, channel, defense, rank, posters, gallery) with the columns
            `uncloak.figures.rates.COLUMNS`, `defense`, `rank`, `posters` ("all" or "one") and `gallery` (number of
            pictures of each person, or "whole"), rates in [0,1]; attack "none" is the clean error.
        lines: attack -> what stands at its line, in the order of drawing.
        treatments: defense -> what it is called, in the order of drawing; those without rows are left out.
        channels: channel -> what it is called, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    rows = checked(table, [*_CLEAN, *lines], ["attack", "extractor", "channel", *_OWN], [*COLUMNS, *_OWN])
    sizes = sorted(set(rows["gallery"]) - {_WHOLE}, key=int, reverse=True)
    galleries = {_WHOLE: "", **{size: f"at most {size} pictures of everybody" for size in sizes}}
    extractors = by_release(rows, "first")
    columns = dict(zip(extractors["extractor"], extractors["extractor_label"], strict=True))
    panels = []
    for posters, who in _POSTERS.items():
        for treatment, channel, gallery in product(treatments, channels, galleries):
            told = treatments[treatment], channels[channel], galleries[gallery]
            of_these = (rows["defense"] == treatment) & (rows["channel"] == channel) & (rows["gallery"] == gallery)
            for rank in sorted(rows["rank"].unique(), reverse=True):
                cells = rows[of_these & (rows["posters"] == posters) & (rows["rank"] == rank)]
                if cells.empty:
                    continue
                axes = ("extractor", "recognition by", columns), ("attack", "cloaked by", {**_CLEAN, **lines})
                said = ", ".join(filter(None, [who, f"the {rank} nearest" if rank > 1 else "the nearest", *told]))
                heading = alt.TitleParams(said, fontSize=theme.TEXT_SIZE + 1)
                panels.append(matrix(cells, *axes, interval, outlined="white_box").properties(title=heading))
    in_a_row = 2 if len(columns) <= _NARROW else 1  # the ranks
    wrapped = theme.wrapped(f"{subtitle} {_OUTLINED}", max(_LEAST_WIDTH, CELL_WIDTH * len(columns) * in_a_row))
    heading = alt.TitleParams(title, subtitle=wrapped)
    return theme.themed(alt.concat(*panels, columns=in_a_row).properties(title=heading))
