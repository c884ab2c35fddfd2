"""Protection rate by extractor in the order of their release: figures 4 and 5 of Radiya-Dixit et al. (ICLR 2022)."""

import json
import textwrap
from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.figures import theme

COLUMNS = (
    *("dataset", "attack", "attack_label", "extractor", "extractor_label", "released", "white_box"),
    *("protection_rate", "low", "high", "n_users", "n_probes", "seed"),
)

_HEIGHT = 340
# A series' share of the width: its value label ("99.4") must fit.
_SERIES_WIDTH = 27
_LEAST_WIDTH = 96
_GAP = 0.22
_LABEL_LETTERS = 15
_POINTS_PER_LETTER = 5.9
_HOLLOW = "Hollow markers: the extractor is a surrogate of the attack (white box)."


def protection_by_extractor(
    table: pd.DataFrame, attacks: Sequence[str], title: str, subtitle: str, interval: str = "95 % interval"
) -> alt.LayerChart:
    """Draw protection rates with their intervals, extractors from oldest to newest, one series per attack.

    Args:
        table: one row per (attack, extractor) with the columns `COLUMNS`: `released` is YYYY-MM-DD, or missing for a
            floor that is no extractor of its time (raw pixels), which is drawn first; `protection_rate`, `low` and
            `high` lie in [0,1]; `white_box` tells that the extractor is a surrogate of the attack. Attack "none" is
            the clean error. Rows of attacks not asked for are left out.
        attacks: names of the attacks, in the order of drawing.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where columns, attacks or extractors are missing, repeated, or out of range.
    """
    rows = _checked(table, attacks)
    extractors = (
        rows.drop_duplicates("extractor")
        .sort_values(["released", "extractor_label"], na_position="first", kind="stable")
        .reset_index(drop=True)
    )
    rows["value"] = rows["protection_rate"].map(_percent)
    rows["knowledge"] = rows["white_box"].map({True: "white box", False: "black box"})
    rows["interval"] = rows["low"].map(_percent) + " to " + rows["high"].map(_percent) + " %"
    rows["position"] = rows["extractor"].map({name: place for place, name in enumerate(extractors["extractor"])})
    if rows["white_box"].any():
        subtitle = f"{subtitle} {_HOLLOW}"
    width = max(_LEAST_WIDTH, round(_SERIES_WIDTH * len(attacks) / (1 - _GAP))) * len(extractors)

    x = alt.X(
        "extractor:N",
        sort=list(extractors["extractor"]),
        title="extractor, from oldest to newest release",
        scale=alt.Scale(paddingInner=_GAP, paddingOuter=_GAP / 2),
        axis=alt.Axis(labelAngle=0, labelLimit=0, ticks=False, labelLineHeight=15, labelExpr=_axis_labels(extractors)),
    )
    y = alt.Y(
        "protection_rate:Q",
        title="protection rate (error on clean probes)",
        # Room for the value labels above 100 %.
        scale=alt.Scale(domain=[0, 1.07], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", domain=False, ticks=False),
    )
    dodge = alt.XOffset("attack:N", sort=list(attacks), scale=alt.Scale(paddingInner=0, paddingOuter=0))
    base = alt.Chart(rows).encode(x=x, xOffset=dodge)
    styles = theme.attack_styles(attacks)
    colors = alt.Scale(domain=list(attacks), range=[style.color for style in styles])
    shapes = alt.Scale(domain=list(attacks), range=[style.shape for style in styles])
    legend = alt.Legend(
        orient="top", title=None, labelLimit=0, symbolOpacity=1, labelExpr=_legend_labels(rows), offset=4
    )
    stroke = alt.Stroke("attack:N", scale=colors, legend=legend)
    points = base.mark_point(size=85, strokeWidth=1.8, opacity=1).encode(
        y=y,
        shape=alt.Shape("attack:N", scale=shapes, legend=legend),
        stroke=stroke,
        fill=alt.condition(
            "datum.white_box", alt.value(theme.PAPER), alt.Fill("attack:N", scale=colors, legend=legend)
        ),
        tooltip=_tooltip(interval),
    )
    trend = (
        base.transform_filter("isValid(datum.released)")
        .mark_line(strokeWidth=1.2, opacity=0.45)
        .encode(y=y, stroke=stroke, order="position:O")
    )
    bars = base.mark_rule(strokeWidth=1.8).encode(y=alt.Y("low:Q"), y2="high:Q", stroke=stroke)
    number = {"baseline": "bottom", "dy": -8, "fontSize": theme.LABEL_SIZE}
    numbers = base.encode(y=alt.Y("high:Q"), text="value:N")
    # White beneath the numbers keeps them readable where lines pass.
    halo = numbers.mark_text(**number, stroke=theme.PAPER, strokeWidth=3.5, strokeJoin="round")
    text = numbers.mark_text(**number, color=theme.INK)
    chart = alt.layer(_floor_band(extractors, x), trend, bars, halo, points, text).properties(
        width=width,
        height=_HEIGHT,
        title=alt.TitleParams(title, subtitle=textwrap.wrap(subtitle, int((width + 40) / _POINTS_PER_LETTER))),
    )
    return theme.themed(chart)


def _checked(table: pd.DataFrame, attacks: Sequence[str]) -> pd.DataFrame:
    """Return the rows of these attacks, ready to draw."""
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"protection table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    absent = [attack for attack in attacks if attack not in set(table["attack"])]
    if absent or not attacks:
        raise InputError(f"protection table: has no rows of attack '{absent[0] if absent else ''}'; name others")
    rows = table.loc[table["attack"].isin(list(attacks)), list(COLUMNS)].copy()
    repeated = rows.duplicated(["attack", "extractor"])
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise InputError(
            f"protection table: attack '{first.attack}' and extractor '{first.extractor}' stand in several rows;"
            " filter it to one dataset, channel, classifier and defense"
        )
    if not (rows["low"].between(0, 1) & rows["high"].between(0, 1) & rows["protection_rate"].between(0, 1)).all():
        raise InputError("protection table: rates and intervals must be numbers in [0, 1], not percent")
    rows["released"] = rows["released"].replace("", None)
    dates = pd.to_datetime(rows["released"], format="%Y-%m-%d", errors="coerce")
    wrong = rows[dates.isna() & rows["released"].notna()]
    if len(wrong):
        raise InputError(
            f"extractor '{wrong.iloc[0].extractor}': released '{wrong.iloc[0].released}' is not YYYY-MM-DD"
        )
    rows["white_box"] = rows["white_box"].astype(bool)
    return rows


def _percent(rate: float) -> str:
    """Write a rate in percent: whole numbers, but tenths near the ends, where they matter."""
    percent = 100 * rate
    near_an_end = percent < 10 or percent > 90
    return f"{percent:.1f}".removesuffix(".0") if near_an_end else f"{percent:.0f}"


def _axis_labels(extractors: pd.DataFrame) -> str:
    """Return the Vega expression that writes an extractor as its name and, below, its release month."""
    labels = {}
    for row in extractors.itertuples():
        when = "(floor)" if pd.isna(row.released) else row.released[:7]
        labels[row.extractor] = [*textwrap.wrap(row.extractor_label, _LABEL_LETTERS), when]
    return f"{json.dumps(labels)}[datum.value]"


def _legend_labels(rows: pd.DataFrame) -> str:
    """Return the Vega expression that writes an attack as its label."""
    return f"{json.dumps(dict(zip(rows['attack'], rows['attack_label'], strict=True)))}[datum.value]"


def _tooltip(interval: str) -> list[alt.Tooltip]:
    """Return what a marker tells when pointed at."""
    return [
        alt.Tooltip("attack_label:N", title="attack"),
        alt.Tooltip("extractor_label:N", title="extractor"),
        alt.Tooltip("released:N", title="released"),
        alt.Tooltip("knowledge:N", title="attack's knowledge"),
        alt.Tooltip("value:N", title="protection rate, %"),
        alt.Tooltip("interval:N", title=interval),
        alt.Tooltip("n_users:Q", title="users"),
        alt.Tooltip("n_probes:Q", title="probes"),
        alt.Tooltip("dataset:N", title="dataset"),
        alt.Tooltip("seed:N", title="seed"),
    ]


def _floor_band(extractors: pd.DataFrame, x: alt.X) -> alt.Chart:
    """Return a gray ground behind extractors without a release date."""
    floor = extractors.loc[extractors["released"].isna(), ["extractor"]]
    return alt.Chart(floor).mark_rect(color=theme.GRID, opacity=0.45).encode(x=x)
