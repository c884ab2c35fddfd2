"""Protection by the number of unprotected pictures: figure 7 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.figures.rates import (
    ALL_RATES,
    CLEAN,
    CLEAN_RULE,
    COLUMNS,
    AttackMarks,
    Panels,
    checked,
    clean_error,
    only,
    plain,
    rate_lines,
    tooltip,
)

_PANEL_WIDTH = 250
_ALONE_WIDTH = 420
_DEFENSES = {"none": "none", "detector": "detected pictures are dropped"}
_DASHED = "Dashed lines: pictures that a detector flags are dropped."


def unprotected(
    table: pd.DataFrame,
    attacks: Sequence[str],
    extractors: Sequence[str],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.ConcatChart:
    """Draw protection rates over the number of unprotected pictures, one line per attack, one panel per extractor.

    Args:
        table: one row per (attack, channel, extractor, defense, unprotected) with the columns
            `uncloak.figures.rates.COLUMNS` and `CLEAN`, `defense` ("none", and where it is there "detector", drawn
            dashed) and `unprotected`, a number of pictures; all for one number of posted pictures. Rates in [0,1]. Rows
            of attacks and extractors not asked for, of channels other than "png" and of other defenses are left out.
        attacks: names of the attacks, in the order of the legend.
        extractors: names of the extractors, in any order.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range.
    """
    table = only(plain(table), "extractor", extractors)
    undefended = only(table, "defense", ["none"])
    defenses = [name for name in _DEFENSES if name in set(table["defense"])]
    rows = checked(
        pd.concat([undefended, table[table["defense"].isin(defenses[1:])]]),
        attacks,
        ["attack", "extractor", "defense", "unprotected"],
        [*COLUMNS, *CLEAN, "defense", "unprotected"],
        ALL_RATES,
    )
    numbers = sorted(rows["unprotected"].unique())
    rows["defense_label"] = rows["defense"].map(_DEFENSES)
    panels = Panels(rows, _PANEL_WIDTH if rows["extractor"].nunique() > 1 else _ALONE_WIDTH)
    marks = AttackMarks(rows, attacks, panels.width)
    dash = alt.StrokeDash("defense:N", scale=alt.Scale(domain=list(_DEFENSES), range=[[1, 0], [6, 3]]), legend=None)
    meaning = f"{_DASHED} {CLEAN_RULE}" if len(defenses) > 1 else CLEAN_RULE
    more = [alt.Tooltip("unprotected:Q", title="unprotected pictures"), alt.Tooltip("defense_label:N", title="defense")]

    def draw(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "unprotected:O",
            title="unprotected pictures of a user" if bottom else None,
            scale=alt.Scale(domain=numbers, type="point", padding=0.3),
            axis=alt.Axis(labelAngle=0, grid=False),
        )
        lines = rate_lines(own, x, dash, marks, "protection rate" if left else None, tooltip(interval, *more))
        # The detector changes the clean error, too; without it, it is that of the other figures.
        clean = own.loc[own["defense"] == "none", list(CLEAN)].head(1)
        return alt.layer(*clean_error(clean), *lines)

    return panels.chart(draw, title, f"{subtitle} {meaning}")
