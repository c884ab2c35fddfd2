"""Attacks by what they were made for against extractors, by rank and by who posts (LowKey's Tables 2 and 5)."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.matrix import CELL_WIDTH, matrix
from uncloak.figures.rates import COLUMNS, by_release, checked, plain

_POSTERS = {"all": "All users post at once", "one": "One user posts at a time"}
_OUTLINED = "Outlined: extractors that the attack knew."
_ALONE = "People who are only in the gallery are left out. "
_CLEAN = {"none": "no attack"}
_UNDEFENDED = "none"
_OWN = ("defense", "rank", "posters")
# Matrices of so few extractors stand in pairs.
_NARROW = 3
_LEAST_WIDTH = 480


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table = plain(given.table("table", *COLUMNS, "among", *_OWN))
    rows = table[table["among"] == "pictures"]
    subtitle = (
        "Share of the users' clean probes, in percent, for which none of the user's is among the k nearest gallery "
        f"pictures. {'' if given.options.distractors else _ALONE}{source(given, rows)}"
    )
    treatments = {_UNDEFENDED: "", **given.told["treatments"]}
    return grid(rows, given.told["lines"], treatments, given.told["title"], subtitle, INTERVAL), rows


def grid(
    table: pd.DataFrame,
    lines: Mapping[str, str],
    treatments: Mapping[str, str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates, a matrix for each way to post, rank and treatment of faces.

    Args:
        table: one row per (attack, extractor, defense, rank, posters) with the columns
            `uncloak.figures.rates.COLUMNS`, `defense`, `rank` and `posters` ("all" or "one"), rates in [0,1]; attack
            "none" is the clean error.
        lines: attack -> what stands at its line, in the order of drawing.
        treatments: defense -> what it is called, in the order of drawing; those without rows are left out.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range.
    """
    rows = checked(table, [*_CLEAN, *lines], ["attack", "extractor", *_OWN], [*COLUMNS, *_OWN])
    extractors = by_release(rows, "first")
    columns = dict(zip(extractors["extractor"], extractors["extractor_label"], strict=True))
    panels = []
    for posters, who in _POSTERS.items():
        for treatment, treated in treatments.items():
            for rank in sorted(rows["rank"].unique(), reverse=True):
                cells = rows[(rows["posters"] == posters) & (rows["defense"] == treatment) & (rows["rank"] == rank)]
                if cells.empty:
                    continue
                axes = ("extractor", "recognition by", columns), ("attack", "cloaked by", {**_CLEAN, **lines})
                said = ", ".join(filter(None, [who, f"the {rank} nearest" if rank > 1 else "the nearest", treated]))
                heading = alt.TitleParams(said, fontSize=theme.TEXT_SIZE + 1)
                panels.append(matrix(cells, *axes, interval, outlined="white_box").properties(title=heading))
    in_a_row = 2 if len(columns) <= _NARROW else 1  # the ranks
    wrapped = theme.wrapped(f"{subtitle} {_OUTLINED}", max(_LEAST_WIDTH, CELL_WIDTH * len(columns) * in_a_row))
    heading = alt.TitleParams(title, subtitle=wrapped)
    return theme.themed(alt.concat(*panels, columns=in_a_row).properties(title=heading))
