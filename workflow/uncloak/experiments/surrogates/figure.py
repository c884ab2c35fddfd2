"""Attacks by their surrogate against extractors: a matrix for each attack, surrogates in lines (LowKey's Table 2)."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.matrix import CELL_WIDTH, matrix
from uncloak.figures.rates import COLUMNS, by_release, checked, plain

_OUTLINED = "Outlined: the surrogate itself."
_CLEAN = "none"


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = plain(given.table("table", *COLUMNS))
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, in percent, by the extractor that the "
        f"attack knew and the one that recognizes. {source(given, rows)}"
    )
    return matrices(rows, given.told["surrogates"], given.told["title"], subtitle, INTERVAL), rows


def matrices(
    table: pd.DataFrame,
    surrogates: Mapping[str, Mapping[str, str]],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.VConcatChart:
    """Draw protection rates by surrogate and extractor, both from oldest to newest, below the error without attack.

    Args:
        table: one row per (attack, extractor) with the columns `uncloak.figures.rates.COLUMNS`, rates in [0,1];
            attack "none" is the clean error.
        surrogates: attack -> its `label`, which those on other surrogates share, its `surrogate`, and that one's
            `surrogate_label`.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range.
    """
    rows = checked(plain(table), [_CLEAN, *surrogates], ["attack", "extractor"])
    extractors = by_release(rows, "first")
    columns = dict(zip(extractors["extractor"], extractors["extractor_label"], strict=True))
    known = {name: each["surrogate"] for name, each in surrogates.items()}
    rows["known"] = rows["extractor"] == rows["attack"].map(known)
    panels = []
    for label in dict.fromkeys(each["label"] for each in surrogates.values()):
        own = [name for name, each in surrogates.items() if each["label"] == label]
        lines = {_CLEAN: "no attack"} | {
            name: surrogates[name]["surrogate_label"] for name in _sorted(own, known, columns)
        }
        panel = matrix(
            rows[rows["attack"].isin(lines)],
            ("extractor", "recognition by", columns),
            ("attack", "made for", lines),
            interval,
            outlined="known",
        )
        panels.append(panel.properties(title=alt.TitleParams(label, fontSize=theme.TEXT_SIZE + 1)))
    lines = theme.wrapped(f"{subtitle} {_OUTLINED}", CELL_WIDTH * len(columns))
    return theme.themed(alt.vconcat(*panels).properties(title=alt.TitleParams(title, subtitle=lines)))


def _sorted(attacks: Sequence[str], known: Mapping[str, str], extractors: Mapping[str, str]) -> list[str]:
    """The attacks in the order of their surrogates' columns; those on surrogates that are no column come last."""
    order = list(extractors)
    return sorted(attacks, key=lambda name: order.index(known[name]) if known[name] in order else len(order))
