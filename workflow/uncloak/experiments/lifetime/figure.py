"""How long a cloak lasts: the protection of pictures posted once, against every extractor that there will be.

This reads figures 4 and 5 of Radiya-Dixit et al. (ICLR 2022) as their section 3.4 argues: from the day on which an
attack was released.
"""

import textwrap
from collections.abc import Collection, Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL
from uncloak.figures import theme
from uncloak.figures.rates import (
    BAR,
    COLUMNS,
    INTERVALS,
    POINT,
    checked,
    label_expression,
    month,
    plain,
    rate_axis,
    tooltip,
)
from uncloak.games.game import play
from uncloak.games.rounds import COLUMNS as PLAYED

_COLUMN_WIDTH = 128
_PANEL_HEIGHT = 150
_LABEL_LETTERS = 17
_DAYS_PER_MONTH = 30.44
_GROUND = "#c9c9c9"
_FADED = 0.4
_TRAINERS = {"newest": "dynamic", "lowest": "best in hindsight"}
_READING = (
    "Each panel is a user who posts once, on the day of the attack's release. Solid line: the newest extractor of the "
    "day, those tuned on the attacks aside. Dashed: the lowest rate so far, which a trainer knows only in hindsight. "
    "Gray bars: clean error. On gray ground: extractors older than the attack. Hollow: the attack's surrogate."
)


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the lifetimes of the attacks."""
    rates, told, attacks = given.table("protection", *COLUMNS, *PLAYED), given.told, list(given.told["attacks"])
    rates = rates[rates["extractor"].isin(told["extractors"]) & (rates["defense"] == "none")]
    rows = lifetimes(rates, attacks, told["adaptive"])
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes: mean over {rows['n_users'].max()} users "
        f"({rows['n_probes'].max()} probes) with {INTERVALS}. "
        f"Dataset: {told['dataset_label']}. Seed {given.seed}. "
        "After Figures 4 and 5 of Radiya-Dixit et al. (ICLR 2022)."
    )
    return cloak_lifetimes(rows, attacks, told["title"], subtitle, INTERVAL), rows


def lifetimes(table: pd.DataFrame, attacks: Sequence[str], adaptive: Collection[str] = ()) -> pd.DataFrame:
    """Return the protection of pictures posted on the day of an attack's release, extractor by extractor.

    Args:
        table: averaged rows as `uncloak.recognition.rates.protection_rates` returns them, with labels and release
            dates, rates in [0,1]. Those of nearest neighbor without other defense, channel "png", count.
        attacks: names of the attacks.
        adaptive: the extractors tuned on the attacks' pictures.

    Returns the rows of the attacks against extractors with a release date, by attack and release, with `place` (of the
    extractor, 0 is the oldest), `days` (from the attack's release to the extractor's, below 0 if that is older), and
    the rates on the later of the two days: `newest` (of the newest extractor that is not adaptive) and `lowest` (of all
    so far); both are missing as long as there is no extractor that is not adaptive.

    Raises InputError where columns, attacks, extractors or rows are missing or rows repeated, for rates out of range
    and for dates of another form.
    """
    game = play(table, {attack: [attack] for attack in attacks}, adaptive)
    rows = plain(table)
    rows = rows[(rows["classifier"] == "nearest neighbor") & (rows["defense"] == "none")]
    rows = checked(
        rows,
        attacks,
        ["attack", "extractor"],
        [*COLUMNS, "attack_released", "clean_error"],
        ["protection_rate", "low", "high", "clean_error"],
    )
    rows = rows[rows["released"].notna()]
    order = rows.drop_duplicates("extractor").sort_values(["released", "extractor_label"])["extractor"]
    rows["place"] = rows["extractor"].map({name: place for place, name in enumerate(order)})
    rows["days"] = (pd.to_datetime(rows["released"]) - pd.to_datetime(rows["attack_released"])).dt.days
    later = rows[["released", "attack_released"]].max(axis=1)
    for column, trainer in _TRAINERS.items():
        rates = game[game["trainer"] == trainer].set_index(["user", "date"])["protection_rate"]
        rows[column] = rates.reindex(pd.MultiIndex.from_arrays([rows["attack"], later])).to_numpy()
    rows["attack"] = pd.Categorical(rows["attack"], list(attacks))
    rows = rows.sort_values(["attack", "place"]).astype({"attack": str})
    return rows.reset_index(drop=True)


def cloak_lifetimes(
    rows: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.VConcatChart:
    """Draw what `lifetimes` returned, one panel per attack, extractors from oldest to newest.

    Args:
        rows: what `lifetimes` returned.
        attacks: names of the attacks, from the top panel down.
        title: the figure's title.
        subtitle: numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.
    """
    names = rows.drop_duplicates("extractor").sort_values("place")
    labels = {
        row.place: [*textwrap.wrap(row.extractor_label, _LABEL_LETTERS), month(row.released)]
        for row in names.itertuples()
    }
    width = _COLUMN_WIDTH * len(names)
    panels = []
    for attack, style in zip(attacks, theme.attack_styles(attacks), strict=True):
        own = rows[rows["attack"] == attack]
        panel = _panel(own, style, labels, attack == attacks[-1], interval)
        released = pd.Timestamp(own.iloc[0].attack_released).strftime("%Y-%m-%d")
        heading = alt.TitleParams(
            f"{own.iloc[0].attack_label}, released {released}",
            fontSize=theme.TEXT_SIZE + 1,
            color=style.color,
            offset=8,
        )
        panels.append(panel.properties(width=width, height=_PANEL_HEIGHT, title=heading))
    heading = alt.TitleParams(title, subtitle=theme.wrapped(f"{subtitle} {_READING}", width + 40))
    return theme.themed(alt.vconcat(*panels, spacing=18).properties(title=heading))


def _panel(own: pd.DataFrame, style: theme.Style, labels: dict, bottom: bool, interval: str) -> alt.LayerChart:
    """Return the panel of one attack's rows."""
    last = len(labels) - 0.5
    # Between the extractors that are older than the attack and those that are not.
    release = (own["days"] < 0).sum() - 0.5
    axis = alt.Axis(
        values=list(labels),
        labelExpr=label_expression(labels),
        labelLimit=0,
        labelLineHeight=15,
        ticks=False,
        grid=False,
        labels=bottom,
    )
    x = alt.X(
        "place:Q",
        title="extractor, from oldest to newest release (not to scale)" if bottom else None,
        scale=alt.Scale(domain=[-0.5, last], nice=False, zero=False),
        axis=axis,
    )
    y = rate_axis("protection rate", 1.22)
    drawn = own.assign(
        old=own["days"] < 0,
        floor=0,
        left=own["place"] - 0.4,
        right=own["place"] + 0.4,
        later=[_later(days) for days in own["days"]],
    )
    base = alt.Chart(drawn).encode(x=x)
    faded = alt.condition("datum.old", alt.value(_FADED), alt.value(1))
    edges = alt.Chart(pd.DataFrame({"place": [-0.5], "end": [release]})).encode(x=x, x2="end:Q")
    layers = [
        edges.mark_rect(color=theme.GRID, opacity=0.45),
        base.mark_rect(color=_GROUND).encode(x=alt.X("left:Q"), x2="right:Q", y=alt.Y("floor:Q"), y2="clean_error:Q"),
        alt.Chart(pd.DataFrame({"place": [release]})).mark_rule(color=style.color, strokeWidth=2).encode(x=x),
    ]
    for column, dash in (("newest", [1, 0]), ("lowest", [5, 4])):
        steps = _steps(own, column, release, last)
        layers.append(
            alt.Chart(steps)
            .mark_line(interpolate="step-after", color=style.color, strokeWidth=1.8, strokeDash=dash, opacity=0.75)
            .encode(x=x, y=alt.Y("rate:Q"), order="place:Q")
        )
    fill = alt.condition("datum.white_box", alt.value(theme.PAPER), alt.value(style.color))
    number = {"align": "left", "dx": 9, "dy": -7, "fontSize": theme.LABEL_SIZE}
    numbers = base.encode(y=y, text="value:N")
    layers += [
        base.mark_rule(**BAR, color=style.color).encode(y=alt.Y("low:Q"), y2="high:Q", opacity=faded),
        # White beneath, so that lines do not show through a faded marker.
        base.mark_point(size=85, shape=style.shape, color=theme.PAPER, filled=True, opacity=1).encode(y=y),
        base.mark_point(size=85, shape=style.shape, stroke=style.color, strokeWidth=POINT["strokeWidth"]).encode(
            y=y,
            fill=fill,
            opacity=faded,
            tooltip=tooltip(interval, alt.Tooltip("days:Q", title="days after the attack")),
        ),
        numbers.mark_text(**number, stroke=theme.PAPER, strokeWidth=3.5, strokeJoin="round"),
        numbers.mark_text(**number, color=theme.INK).encode(
            opacity=alt.condition("datum.old", alt.value(0.65), alt.value(1))
        ),
        base.mark_text(fontSize=theme.LABEL_SIZE, color=theme.QUIET_INK).encode(y=alt.YDatum(1.16), text="later:N"),
    ]
    return alt.layer(*layers)


def _steps(own: pd.DataFrame, column: str, release: float, last: float) -> pd.DataFrame:
    """Return where a rate changes: on the attack's release, with every later extractor, and to the end."""
    old, new = own[own["days"] < 0], own[own["days"] >= 0]
    begin = old[column].iloc[-1:].tolist()
    places = [*([release] if begin else []), *new["place"], last]
    rates = [*begin, *new[column]]
    return pd.DataFrame({"place": places, "rate": [*rates, rates[-1]]}).dropna()


def _later(days: int) -> str:
    """Write how long after an attack an extractor came; nothing for one that was there."""
    if days < 0:
        return ""
    return "the same day" if days == 0 else f"{days / _DAYS_PER_MONTH:.1f} months later"
