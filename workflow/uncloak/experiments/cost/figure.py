"""Seconds per picture, by attack."""

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.figures import theme
from uncloak.figures.rates import BAR, POINT, Marks, label_expression

_TIMES = ("seconds", "seconds_low", "seconds_high", "cpu_seconds")
_COLUMNS = ("attack", "attack_label", *_TIMES, "n_users", "n_pictures", "pixels", "steps", "device", "seed")
_WIDTH = 460
_ROW_HEIGHT = 44
_ROOM = 1.25  # beside the outermost interval, as a factor


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    rows = given.table("table", *_COLUMNS)
    computed = " and ".join(dict.fromkeys(rows["device"]))
    subtitle = (
        f"Seconds to perturb one picture at a time, on {computed}: means over {rows['n_users'].max()} users "
        f"({rows['n_pictures'].max()} pictures) with 95 % bootstrap intervals over users. Hollow: CPU time. "
        f"The axis is logarithmic. Dataset: {given.told['dataset_label']}. Seed {given.seed}."
    )
    return seconds_per_picture(rows, given.told["title"], subtitle), rows


def seconds_per_picture(table: pd.DataFrame, title: str, subtitle: str) -> alt.LayerChart:
    """Draw one row per attack, in the table's order.

    Args:
        table: as `uncloak.experiments.cost.measure.average` returns it, attacks told apart by name.
        title, subtitle: the figure's.

    Raises InputError where there are no rows, or several of an attack, and where a time is not above 0.
    """
    repeated = table[table["attack"].duplicated()]
    if table.empty or len(repeated):
        fault = f"several rows of attack '{repeated.iloc[0].attack}'" if len(repeated) else "no rows"
        raise InputError(f"cost table: has {fault}; measure it again")
    wrong = table[~(table[[*_TIMES]] > 0).all(axis=1)]
    if len(wrong):
        raise InputError(f"cost table: a time of attack '{wrong.iloc[0].attack}' is not above 0; measure it again")
    rows = table.assign(
        shown=table["seconds"].map("{:.3g} s".format),
        interval=[f"{row.seconds_low:.3g} to {row.seconds_high:.3g} s" for row in table.itertuples()],
        cpu=table["cpu_seconds"].map("{:.3g} s".format),
        size=table["pixels"].map("{:,.0f}".format),
    )
    all_times = rows[[*_TIMES]]
    domain = [all_times.min(axis=None) / _ROOM, all_times.max(axis=None) * _ROOM]
    scale = alt.Scale(type="log", domain=domain, nice=False)
    x = alt.X("seconds:Q", title="seconds per picture", scale=scale)
    y = alt.Y(
        "attack:N",
        title=None,
        sort=list(rows["attack"]),
        axis=alt.Axis(
            labelExpr=label_expression(dict(zip(rows["attack"], rows["attack_label"], strict=True))),
            labelLimit=0,
            ticks=False,
            domain=False,
        ),
    )
    base = alt.Chart(rows).encode(y=y)
    marks = Marks(rows, "attack", list(rows["attack"]), None)  # the axis names them
    stroke, fill, shape = marks.stroke, marks.solid, marks.shape
    tips = [
        alt.Tooltip(f"{name}:N", title=heading)
        for name, heading in (
            *(("attack_label", "attack"), ("shown", "mean"), ("interval", "95 % interval"), ("cpu", "of CPU time")),
            *(("n_users", "users"), ("n_pictures", "pictures"), ("size", "pixels of a picture"), ("steps", "steps")),
            *(("device", "computed on"), ("seed", "seed")),
        )
    ]
    layers = alt.layer(
        base.mark_rule(**BAR).encode(x=alt.X("seconds_low:Q", scale=scale), x2="seconds_high:Q", stroke=stroke),
        base.mark_point(size=80, fill=theme.PAPER, **POINT).encode(
            x=alt.X("cpu_seconds:Q", scale=scale), stroke=stroke, shape=shape, tooltip=tips
        ),
        base.mark_point(size=80, **POINT).encode(x=x, stroke=stroke, fill=fill, shape=shape, tooltip=tips),
        base.mark_text(dy=-12, color=theme.QUIET_INK, fontSize=theme.LABEL_SIZE).encode(x=x, text="shown:N"),
    )
    heading = alt.TitleParams(title, subtitle=theme.wrapped(subtitle, _WIDTH + 160))
    return theme.themed(layers.properties(width=_WIDTH, height=_ROW_HEIGHT * len(rows), title=heading))
