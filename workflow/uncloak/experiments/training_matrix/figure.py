"""What robust training on one attack does against another: extractors by what they were tuned on, and attacks."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.matrix import CELL_WIDTH, matrix
from uncloak.figures.rates import COLUMNS, checked, only, plain

_LEAST_WIDTH = 470
_OUTLINED = "Outlined: tuned on that attack."


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    table, trained_on = plain(given.table("table", *COLUMNS, "defense", "defense_label")), given.told["trained_on"]
    trained_on = {name: trained_on[name] for name in given.standing(trained_on, table["defense"])}
    rows = only(only(table, "defense", trained_on), "attack", given.attacks)
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, in percent, with extractors tuned on public "
        f"identities' faces perturbed by one attack or another. {source(given, rows)}"
    )
    return training_matrix(rows, given.attacks, trained_on, given.told["title"], subtitle, INTERVAL), rows


def training_matrix(
    table: pd.DataFrame,
    attacks: Sequence[str],
    trained_on: Mapping[str, Sequence[str]],
    title: str,
    subtitle: str,
    interval: str = "95 % interval",
) -> alt.LayerChart:
    """Draw a matrix of protection rates with their intervals, defenses in rows and attacks in columns.

    Args:
        table: one row per (attack, channel, defense) of one extractor, with the columns
            `uncloak.figures.rates.COLUMNS`, `defense` and `defense_label`, rates in [0,1]. Attack "none" is the clean
            error. Rows of attacks and defenses not asked for, and of channels other than "png", are left out.
        attacks: names of the attacks, in the order of the columns.
        trained_on: defense -> the attacks whose pictures the extractor was tuned on ("none": none), in the order of
            the rows.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks, defenses or cells are missing, repeated, or out of range.
    """
    rows = checked(
        only(plain(table), "defense", trained_on),
        attacks,
        ["attack", "extractor", "defense"],
        [*COLUMNS, "defense", "defense_label"],
    )
    cells = set(zip(rows["defense"], rows["attack"], strict=True))
    empty = [(defense, attack) for defense in trained_on for attack in attacks if (defense, attack) not in cells]
    if empty:
        raise InputError(f"protection table: defense '{empty[0][0]}' has no row of attack '{empty[0][1]}'; test it")
    rows["defense_label"] = rows["defense_label"].replace("none", "no defense")
    attack_labels, defense_labels = (
        dict(zip(rows[column], rows[f"{column}_label"], strict=True)) for column in ("attack", "defense")
    )
    rows["trained"] = [
        attack in trained_on[defense] for defense, attack in zip(rows["defense"], rows["attack"], strict=True)
    ]
    chart = matrix(
        rows,
        ("attack", "tested under", {name: attack_labels[name] for name in attacks}),
        ("defense", "defense", {name: defense_labels[name] for name in trained_on}),
        interval,
        outlined="trained",
    )
    lines = theme.wrapped(f"{subtitle} {_OUTLINED}", max(CELL_WIDTH * len(attacks), _LEAST_WIDTH))
    return theme.themed(chart.properties(title=alt.TitleParams(title, subtitle=lines)))
