"""What the figures of protection rates share: checked rows, marks, tooltips, and one panel per extractor."""

import json
from collections.abc import Callable, Iterable, Sequence

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.figures import theme

COLUMNS = (
    *("dataset", "attack", "attack_label", "channel", "extractor", "extractor_label", "released", "white_box"),
    *("protection_rate", "low", "high", "n_users", "n_probes", "seed"),
)
CLEAN = ("clean_error", "clean_low", "clean_high")
RATES = ("protection_rate", "low", "high")
ALL_RATES = (*RATES, *CLEAN)
# Differences from a row's own baseline, and what they are called.
DIFFERENCES = {"above_clean": "above no attack", "above_no_defense": "above no defense"}
INTERVALS = "95 % intervals over users (Korn and Graubard)"
CLEAN_RULE = "Gray dashes: error without attack, on its interval."
PLAIN_CHANNEL = "png"

BAR = {"strokeWidth": 1.8}
CROWDED_BAR = {"strokeWidth": 1.5, "opacity": 0.65}
POINT = {"strokeWidth": 1.8, "opacity": 1}

_WIDTH = 1030
_AXIS_WIDTH = 62
_PANEL_HEIGHT = 200
_LEGEND_SYMBOL_WIDTH = 48
_HOLLOW = "Hollow markers: the extractor is a surrogate of the attack (white box)."


def checked(
    table: pd.DataFrame,
    attacks: Sequence[str],
    key: Sequence[str],
    columns: Iterable[str] = COLUMNS,
    rates: Sequence[str] = RATES,
) -> pd.DataFrame:
    """Return the rows of these attacks and the columns to draw, with what is written at them.

    Args:
        table: tidy rows with at least `columns`; `released` is YYYY-MM-DD, or missing for a floor that is no extractor
            of its time (raw pixels).
        attacks: the attacks to draw.
        key: the columns that tell rows apart.
        columns: the columns to keep, besides `DIFFERENCES` and their intervals.
        rates: those that lie in [0,1].

    Added are `value` and `interval` (in percent, as text), `knowledge` ("white box" or "black box"), and for each of
    `DIFFERENCES` `*_told`: it and its interval in percentage points, as text that is empty where there is none.

    Raises InputError where columns or attacks are missing, rows repeated, rates out of range, or dates of another form.
    """
    columns = list(columns)
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"protection table: has no column '{missing[0]}'; it needs {', '.join(columns)}")
    absent = [attack for attack in attacks if attack not in set(table["attack"])]
    if absent or not attacks:
        raise InputError(f"protection table: has no rows of attack '{absent[0] if absent else ''}'; name others")
    told = [f"{name}{end}" for name in DIFFERENCES for end in ("", "_low", "_high")]
    kept = [*columns, *(column for column in told if column in table and column not in columns)]
    rows = table.loc[table["attack"].isin(list(attacks)), kept].copy()
    repeated = rows.duplicated(list(key))
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise InputError(
            f"protection table: attack '{first.attack}' and extractor '{first.extractor}' stand in several rows"
            f" through channel '{first.channel}'; filter it to one dataset, classifier and defense"
        )
    for column in rates:
        if not rows[column].between(0, 1).all():
            raise InputError(f"protection table: '{column}' must be numbers in [0, 1], not percent")
    rows["released"] = rows["released"].replace("", None)
    dates = pd.to_datetime(rows["released"], format="%Y-%m-%d", errors="coerce")
    wrong = rows[dates.isna() & rows["released"].notna()]
    if len(wrong):
        raise InputError(
            f"extractor '{wrong.iloc[0].extractor}': released '{wrong.iloc[0].released}' is not YYYY-MM-DD"
        )
    rows["white_box"] = rows["white_box"].astype(bool)
    rows["knowledge"] = rows["white_box"].map({True: "white box", False: "black box"})
    rows["value"] = rows["protection_rate"].map(percent)
    rows["interval"] = rows["low"].map(percent) + " to " + rows["high"].map(percent) + " %"
    for name in DIFFERENCES:
        rows[f"{name}_told"] = _points(rows, name) if name in rows else ""
    return rows


def _points(rows: pd.DataFrame, name: str) -> list[str]:
    """Write differences and their intervals in percentage points."""
    differences = zip(*(100 * rows[f"{name}{end}"] for end in ("", "_low", "_high")), strict=True)
    return ["" if pd.isna(one) else f"{one:+.0f} ({low:+.0f} to {high:+.0f}) points" for one, low, high in differences]


def only(table: pd.DataFrame, column: str, names: Iterable[str]) -> pd.DataFrame:
    """Return the rows whose `column` is one of `names`.

    Raises InputError where the column, or the rows of one of them, are missing.
    """
    names = list(names)
    if column not in table:
        raise InputError(f"protection table: has no column '{column}'; it is needed to choose rows")
    absent = [name for name in names if name not in set(table[column])]
    if absent or not names:
        raise InputError(f"protection table: has no rows of {column} '{absent[0] if absent else ''}'; name others")
    return table[table[column].isin(names)]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of pictures scraped as they were posted, channel "png"; all rows where there is no channel."""
    return table[table["channel"] == PLAIN_CHANNEL] if "channel" in table else table


def by_release(rows: pd.DataFrame, undated: str) -> pd.DataFrame:
    """Return one row per extractor, oldest first; those without a date stand "first" or "last"."""
    return (
        rows.drop_duplicates("extractor")
        .sort_values(["released", "extractor_label"], na_position=undated, kind="stable")
        .reset_index(drop=True)
    )


def month(released: str | None) -> str:
    """Write the month of a release, or what an extractor without one is."""
    return "(floor)" if pd.isna(released) else released[:7]


def percent(rate: float) -> str:
    """Write a rate in percent: whole numbers, but tenths near the ends, where they matter."""
    value = 100 * rate
    near_an_end = value < 10 or value > 90
    return f"{value:.1f}".removesuffix(".0") if near_an_end else f"{value:.0f}"


def label_expression(labels: dict[str, str | list[str]]) -> str:
    """Return the Vega expression that writes a name as its label; a list of texts is written in lines."""
    return f"{json.dumps(labels, sort_keys=True)}[datum.value]"


def source(rows: pd.DataFrame, dataset: str, seed: int, paper: str = "") -> str:
    """Return the end of a subtitle: over how many users the rates are means, of which dataset, after which figure."""
    users, probes = (_span(rows[column]) for column in ("n_users", "n_probes"))
    after = f" After {paper} of Radiya-Dixit et al. (ICLR 2022)." if paper else ""
    return f"Means over {users} users ({probes} probes) with {INTERVALS}. Dataset: {dataset}. Seed {seed}.{after}"


def _span(counts: pd.Series) -> str:
    least, most = counts.min(), counts.max()
    return f"{most}" if least == most else f"{least} to {most}"


def explained(subtitle: str, rows: pd.DataFrame) -> str:
    """Return the subtitle, with the meaning of hollow markers where `rows` have any."""
    return f"{subtitle} {_HOLLOW}" if rows["white_box"].any() else subtitle


class Marks:
    """Color and marker of every line or series, and their legend, laid out over `width` points; None: without one.

    Attributes:
        stroke: the color of an outline.
        shape: the marker.
        solid: the color.
        fill: the color, or white where the extractor is a surrogate of the attack.
    """

    def __init__(self, rows: pd.DataFrame, column: str, names: Sequence[str], width: int | None):
        """Style the entries `names` of `column`, "attack" or "extractor", whose labels stand in `rows`."""
        labels = dict(zip(rows[column], rows[f"{column}_label"], strict=True))
        styles = theme.attack_styles(names)
        colors = alt.Scale(domain=list(names), range=[style.color for style in styles])
        shapes = alt.Scale(domain=list(names), range=[style.shape for style in styles])
        widest = _LEGEND_SYMBOL_WIDTH + theme.POINTS_PER_LETTER * max(map(len, labels.values()))
        legend = width and alt.Legend(
            orient="top",
            title=None,
            labelLimit=0,
            symbolOpacity=1,
            labelExpr=label_expression(labels),
            offset=10,
            columns=max(1, min(len(names), int(width / widest))),
        )
        self.stroke = alt.Stroke(f"{column}:N", scale=colors, legend=legend)
        self.shape = alt.Shape(f"{column}:N", scale=shapes, legend=legend)
        self.solid = alt.Fill(f"{column}:N", scale=colors, legend=legend)
        self.fill = alt.condition("datum.white_box", alt.value(theme.PAPER), self.solid)


class AttackMarks(Marks):
    """Those of attacks, the same in all figures."""

    def __init__(self, rows: pd.DataFrame, attacks: Sequence[str], width: int):
        super().__init__(rows, "attack", attacks, width)


def rate_axis(title: str | None, highest: float = 1.04) -> alt.Y:
    """Return the vertical axis of protection rates, with room above 100 %."""
    return alt.Y(
        "protection_rate:Q",
        title=title,
        scale=alt.Scale(domain=[0, highest], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", domain=False, ticks=False),
    )


def rate_lines(
    rows: pd.DataFrame, x: alt.X, dash: alt.StrokeDash, marks: Marks, title: str | None, told: list[alt.Tooltip]
) -> list[alt.Chart]:
    """Return one line per entry of `marks` and of `dash`, with its points, on the band of its intervals.

    Args:
        rows: as `checked` returned them; of one extractor where lines are of attacks, and the other way round.
        x: the horizontal axis, by which points are joined.
        dash: what else tells lines apart, by their dashes.
        marks: colors and markers of the lines.
        title: of the vertical axis.
        told: what a point tells when pointed at, as from `tooltip`.
    """
    base = alt.Chart(rows).encode(x=x)
    band = base.mark_area(opacity=0.1).encode(y=alt.Y("low:Q"), y2="high:Q", fill=marks.solid, detail=dash.shorthand)
    line = base.mark_line(strokeWidth=1.8).encode(y=rate_axis(title), stroke=marks.stroke, strokeDash=dash)
    points = base.mark_point(size=50, **POINT).encode(
        y=alt.Y("protection_rate:Q"), shape=marks.shape, stroke=marks.stroke, fill=marks.fill, tooltip=told
    )
    return [band, line, points]


def rate_bars(
    rows: pd.DataFrame, x: alt.X, attacks: Sequence[str], marks: AttackMarks, title: str | None, told: list[alt.Tooltip]
) -> list[alt.Chart]:
    """Return the bars of the intervals and the points on them, the attacks side by side in their order.

    Args: as for `rate_lines`; `attacks` in the order of drawing.
    """
    dodge = alt.XOffset("attack:N", sort=list(attacks), scale=alt.Scale(paddingInner=0, paddingOuter=0))
    base = alt.Chart(rows).encode(x=x, xOffset=dodge, stroke=marks.stroke)
    bars = base.mark_rule(**BAR).encode(y=alt.Y("low:Q"), y2="high:Q")
    points = base.mark_point(size=50, **POINT).encode(
        y=rate_axis(title), shape=marks.shape, fill=marks.fill, tooltip=told
    )
    return [bars, points]


def clean_error(rows: pd.DataFrame, groups: alt.X | None = None, width: float = 0) -> list[alt.Chart]:
    """Return a dashed rule at the clean error, on the gray ground of its interval.

    Args:
        rows: the columns `CLEAN`, in one row, or one for each group.
        groups: the axis of the groups that the rules cross; without it they cross the whole panel.
        width: of a group, in points.
    """
    base, dashes, ends = alt.Chart(rows), {"color": theme.QUIET_INK, "strokeDash": [4, 3]}, {}
    if groups is not None:
        base = base.encode(x=groups)
        dashes |= {"xOffset": -width / 2, "x2Offset": width / 2}
        ends = {"x2": groups.shorthand}
    band = base.mark_rect(color=theme.GRID, opacity=0.7).encode(y=alt.Y("clean_low:Q"), y2="clean_high:Q")
    rule = base.mark_rule(**dashes).encode(y=alt.Y("clean_error:Q"), **ends)
    return [band, rule]


def tooltip(interval: str, *more: alt.Tooltip) -> list[alt.Tooltip]:
    """Return what a marker of `checked` rows tells when pointed at; `interval` says what `low` to `high` are."""
    return [
        alt.Tooltip("attack_label:N", title="attack"),
        alt.Tooltip("extractor_label:N", title="extractor"),
        alt.Tooltip("released:N", title="released"),
        alt.Tooltip("knowledge:N", title="attack's knowledge"),
        *more,
        alt.Tooltip("value:N", title="protection rate, %"),
        alt.Tooltip("interval:N", title=interval),
        *(alt.Tooltip(f"{name}_told:N", title=title) for name, title in DIFFERENCES.items()),
        alt.Tooltip("n_users:Q", title="users"),
        alt.Tooltip("n_probes:Q", title="probes"),
        alt.Tooltip("dataset:N", title="dataset"),
        alt.Tooltip("seed:N", title="seed"),
    ]


class Panels:
    """One panel per extractor, oldest first, the floor last, side by side.

    Attributes:
        width: of all panels in a row, in points.
    """

    def __init__(self, rows: pd.DataFrame, panel_width: int = 250):
        """Lay out the panels, `panel_width` points wide, of what `checked` returned."""
        self._rows = rows
        self._extractors = by_release(rows, "last")
        self._panel_width = panel_width
        self._in_a_row = min(len(self._extractors), max(1, _WIDTH // (panel_width + _AXIS_WIDTH)))
        self.width = self._in_a_row * (panel_width + _AXIS_WIDTH)

    def chart(
        self, draw: Callable[[pd.DataFrame, bool, bool], alt.LayerChart], title: str, subtitle: str
    ) -> alt.ConcatChart:
        """Return the figure: the panels that `draw` draws (see `bare`), below a title and a subtitle of their width."""
        heading = alt.TitleParams(title, subtitle=theme.wrapped(explained(subtitle, self._rows), self.width))
        return theme.themed(self.bare(draw).properties(title=heading))

    def bare(self, draw: Callable[[pd.DataFrame, bool, bool], alt.LayerChart]) -> alt.ConcatChart:
        """Return the panels alone, as a part of a larger figure.

        Args:
            draw: draws the rows of one extractor; it is told whether the panel stands at the left and whether at the
                bottom, where the titles of the axes belong.
        """
        charts = []
        for place, extractor in enumerate(self._extractors.itertuples()):
            own = self._rows[self._rows["extractor"] == extractor.extractor]
            left, bottom = place % self._in_a_row == 0, place + self._in_a_row >= len(self._extractors)
            heading = alt.TitleParams(
                theme.wrapped(extractor.extractor_label, self._panel_width),
                subtitle=month(extractor.released),
                fontSize=theme.TEXT_SIZE + 1,
                subtitlePadding=3,
                offset=6,
            )
            charts.append(
                draw(own, left, bottom).properties(width=self._panel_width, height=_PANEL_HEIGHT, title=heading)
            )
        return alt.concat(*charts, columns=self._in_a_row, spacing=22)
