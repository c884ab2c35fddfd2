"""Protection by the number of unprotected pictures: figure 7 of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures.rates import (
    ALL_RATES,
    CLEAN,
    CLEAN_RULE,
    COLUMNS,
    AttackMarks,
    Panels,
    checked,
    clean_error,
    label_expression,
    only,
    plain,
    rate_lines,
    tooltip,
)

_COLUMNS = (*COLUMNS, *CLEAN, "defense", "defense_label", "unprotected")
_PANEL_WIDTH = 250
_ALONE_WIDTH = 420
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_DASHED = "Dashed lines: with a defense ({})."


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment, for users who post all their pictures."""
    rows, attacks = only(given.table("table", *_COLUMNS, "posted"), "posted", ["all"]), list(given.told["attacks"])
    extractors = given.standing(given.told["extractors"], rows["extractor"])
    rows = only(only(plain(rows), "extractor", extractors), "attack", attacks)
    subtitle = (
        "Error of nearest-neighbor recognition on the clean probes of users who post all their gallery pictures, some "
        f"of them unprotected, averaged over random choices of these. {source(given, rows)}"
    )
    return unprotected(rows, attacks, extractors, given.told["title"], subtitle, INTERVAL), rows


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
            `uncloak.figures.rates.COLUMNS` and `CLEAN`, `defense` ("none", and others, drawn dashed), `defense_label`
            and `unprotected`, a number of pictures; all for one number of posted pictures. Rates in [0,1]. Rows of
            attacks and extractors not asked for, and of channels other than "png", are left out.
        attacks: names of the attacks, in the order of the legend.
        extractors: names of the extractors, in any order.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range.
    """
    rows = checked(
        only(plain(table), "extractor", extractors),
        attacks,
        ["attack", "extractor", "defense", "unprotected"],
        _COLUMNS,
        ALL_RATES,
    )
    defenses = ["none", *(name for name in rows["defense"].unique() if name != "none")]
    rows = only(rows, "defense", defenses)
    numbers = sorted(rows["unprotected"].unique())
    panels = Panels(rows, _PANEL_WIDTH if rows["extractor"].nunique() > 1 else _ALONE_WIDTH)
    marks = AttackMarks(rows, attacks, panels.width)
    dash = alt.StrokeDash(
        "defense:N", scale=alt.Scale(domain=defenses, range=_dashes(defenses)), legend=_told_apart(rows, defenses)
    )
    used = ", ".join(rows.loc[rows["defense"] != "none", "defense_label"].unique())
    meaning = f"{_DASHED.format(used)} {CLEAN_RULE}" if used else CLEAN_RULE
    more = [alt.Tooltip("unprotected:Q", title="unprotected pictures"), alt.Tooltip("defense_label:N", title="defense")]

    def draw(own: pd.DataFrame, left: bool, bottom: bool) -> alt.LayerChart:
        x = alt.X(
            "unprotected:O",
            title="unprotected pictures of a user" if bottom else None,
            scale=alt.Scale(domain=numbers, type="point", padding=0.3),
            axis=alt.Axis(labelAngle=0, grid=False),
        )
        lines = rate_lines(own, x, dash, marks, "protection rate" if left else None, tooltip(interval, *more))
        # A defense changes the clean error, too; without one, it is that of the other figures.
        clean = own.loc[own["defense"] == "none", list(CLEAN)].head(1)
        return alt.layer(*clean_error(clean), *lines)

    return panels.chart(draw, title, f"{subtitle} {meaning}")


def _told_apart(rows: pd.DataFrame, defenses: Sequence[str]) -> alt.Legend | None:
    """Return the legend of the dashes where there are several defenses; one alone is named in the subtitle."""
    if len(defenses) < 3:
        return None
    labels = dict(zip(rows["defense"], rows["defense_label"], strict=True)) | {"none": "no defense"}
    return alt.Legend(title=None, orient="top", labelExpr=label_expression(labels), labelLimit=0, symbolSize=400)


def _dashes(defenses: Sequence[str]) -> list[list[int]]:
    return [_DASHES[place and 1 + (place - 1) % (len(_DASHES) - 1)] for place in range(len(defenses))]
