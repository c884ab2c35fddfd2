"""Claimed beside measured: what papers say, and what comes out here, with how ours differs."""

import textwrap

import altair as alt
import pandas as pd

from uncloak.claims.comparison import MEASURED, NO_COUNTERPART, OTHERWISE, compare
from uncloak.claims.measured import (
    DETECTION,
    GIVEAWAY,
    PUBLIC,
    RATES,
    TIMES,
    TRANSFER,
    from_detection,
    from_giveaway,
    from_public,
    from_rates,
    from_times,
    from_transfer,
    together,
)
from uncloak.claims.published import PERCENT, read_published
from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.figures import theme
from uncloak.figures.notes import noted
from uncloak.figures.rates import BAR, POINT, label_expression, percent
from uncloak.tables import read_table

_WIDTH = 460
_ROW_HEIGHT = 22
_LETTERS = 104
_READING = (
    "Numbers are percent. Hollow: claimed (two markers where only a range or a bound is given). Filled: measured here, "
    "with its interval. Right: our model in the place of theirs, and how ours differs."
)
_NO_ATTACK = "none"


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw all published numbers that have a counterpart measured here."""
    told, files = given.told, given.files
    measured = together(
        [
            *(from_rates(read_table(path, *RATES), told["spelled"]) for path in files.get("rates", [])),
            *(from_detection(read_table(path, *DETECTION)) for path in files.get("detection", [])),
            *(from_giveaway(read_table(path, *GIVEAWAY)) for path in files.get("giveaway", [])),
            *(from_times(read_table(path, *TIMES)) for path in files.get("times", [])),
            *(
                from_public(read_table(path, *PUBLIC), **of)
                for path, of in zip(files.get("public", []), told["public"], strict=True)
            ),
            *(from_transfer(read_table(path, *TRANSFER)) for path in files.get("transfer", [])),
        ]
    )
    table = compare(read_published(files["published"]), measured, told["counterparts"])
    counts = table["status"].value_counts()
    found, without = counts.get(MEASURED, 0), counts.get(NO_COUNTERPART, 0)
    subtitle = (
        f"{found} published numbers that have a counterpart measured here; of the {len(table) - found} others in the"
        f" table, {without} have no counterpart and {len(table) - found - without} were not run."
        f" Measured on {told['dataset_label']}, with 95 % intervals. Seed {given.seed}."
    )
    chart = claims_and_measurements(table, told["title"], subtitle)
    return noted(chart, [*in_other_units(table), *not_beside_ours(table)]), table


def in_other_units(table: pd.DataFrame) -> list[str]:
    """Return one line for each claim that is no percentage and is measured here, so that no marker can show it.

    Args:
        table: what `uncloak.claims.comparison.compare` returned.
    """
    rows = table[(table["status"] == MEASURED) & (table["unit"] != PERCENT)]
    return [
        f"{row.source}, {row.place}: {row.attack}, {row.quantity}: "
        f"{' to '.join(f'{end:g}' for end in dict.fromkeys((row.least, row.most)))} claimed, {row.value:.3g} here"
        f"{'' if pd.isna(row.low) else f' ({row.low:.3g} to {row.high:.3g})'}, {row.unit}. {row.extractor_label}; "
        f"{row.differs}."
        for row in rows.itertuples()
    ]


def not_beside_ours(table: pd.DataFrame) -> list[str]:
    """Return of each source one line: at which places how many of its numbers are not measured here, if any.

    Args:
        table: what `uncloak.claims.comparison.compare` returned.
    """
    missing = (table["status"] != MEASURED).groupby([table["source"], table["place"]], sort=False).agg(["sum", "size"])
    lines = []
    for source, places in missing[missing["sum"] > 0].groupby(level="source", sort=False):
        counts = [
            f"{place} ({row['sum']})" if row["sum"] == row["size"] else f"{place} ({row['sum']} of {row['size']})"
            for (_, place), row in places.iterrows()
        ]
        lines.append(f"{source}, not beside ours: {', '.join(counts)}.")
    return lines


def claims_and_measurements(table: pd.DataFrame, title: str, subtitle: str) -> alt.LayerChart:
    """Draw each claim with what is measured beside it, in the table's order, grouped by source and place.

    Args:
        table: what `uncloak.claims.comparison.compare` returned, rates in [0,1]; what is not measured is left out, and
            what is no percentage.
        title: the figure's title.
        subtitle: what is shown; wrapped to the figure's width.

    Raises InputError where nothing is measured.
    """
    table = table[(table["status"] == MEASURED) & (table["unit"] == PERCENT)]
    if table.empty:
        raise InputError("claims: no published number has a measured counterpart; name counterparts that are run")
    rows, labels, ours, headings = _laid_out(table)
    last = max(labels)
    scale = alt.Scale(domain=[-0.7, last + 0.7], reverse=True, nice=False, zero=False)
    axis = {"values": list(labels), "labelLimit": 0, "ticks": False, "domain": False, "grid": False}
    is_heading = f"indexof({headings}, datum.value) >= 0"
    y = alt.Y(
        "place:Q",
        title=None,
        scale=scale,
        axis=alt.Axis(
            **axis,
            labelExpr=_lookup(labels),
            labelFontWeight=alt.condition(is_heading, alt.value("bold"), alt.value("normal")),
        ),
    )
    right = alt.Y(
        "place:Q",
        title=None,
        scale=scale,
        axis=alt.Axis(
            **axis, orient="right", labelExpr=_lookup(ours), labelColor=theme.QUIET_INK, labelFontSize=theme.LABEL_SIZE
        ),
    )
    x = alt.X(
        "rate:Q",
        title="error or accuracy",
        scale=alt.Scale(domain=[-0.02, 1.02], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", domain=False, ticks=False, orient="top"),
    )
    attacks = list(dict.fromkeys(rows["our_attack"]))
    names = dict(zip(rows["our_attack"], rows["attack"], strict=True)) | {_NO_ATTACK: "no attack"}
    styles = theme.attack_styles(attacks)
    legend = alt.Legend(orient="top", title=None, labelLimit=0, labelExpr=_lookup(names), columns=5, offset=14)
    color = {"scale": alt.Scale(domain=attacks, range=[style.color for style in styles]), "legend": legend}
    shape = alt.Shape(
        "our_attack:N", scale=alt.Scale(domain=attacks, range=[style.shape for style in styles]), legend=legend
    )
    stroke, fill = alt.Stroke("our_attack:N", **color), alt.Fill("our_attack:N", **color)
    tips = [
        alt.Tooltip(f"{name}:N", title=heading)
        for name, heading in (
            *(
                ("source", "source"),
                ("where", "place"),
                ("claim", "claim"),
                ("claimed", "claimed, %"),
                ("note", "note"),
            ),
            *(("ours", "ours"), ("shown", "measured, %"), ("interval", "95 % interval"), ("n", "over")),
            *(("differs", "ours differs"), ("seed", "seed")),
        )
    ]
    upper, lower = rows.assign(place=rows["place"] - 0.17), rows.assign(place=rows["place"] + 0.17)
    ends = pd.concat(
        [upper.assign(rate=upper["least"]), upper.assign(rate=upper["most"])[upper["least"] < upper["most"]]]
    )
    claimed, found = alt.Chart(upper), alt.Chart(lower.rename(columns={"value": "rate"}))
    layers = alt.layer(
        alt.Chart(rows).mark_rule(color=theme.GRID).encode(y=y),
        claimed.mark_rule(strokeWidth=1.8, strokeDash=[3, 2]).encode(
            y=y, x=alt.X("least:Q"), x2="most:Q", stroke=stroke
        ),
        alt.Chart(ends)
        .mark_point(size=62, fill=theme.PAPER, **POINT)
        .encode(x=x, y=y, stroke=stroke, shape=shape, tooltip=tips),
        found.mark_rule(**BAR).encode(y=y, x=alt.X("low:Q"), x2="high:Q", stroke=stroke),
        found.mark_point(size=62, **POINT).encode(x=x, y=y, stroke=stroke, shape=shape, fill=fill, tooltip=tips),
    )
    explained = alt.Chart(rows).mark_point(opacity=0).encode(y=right)
    wide = _WIDTH + 2 * theme.POINTS_PER_LETTER * 55
    chart = (
        alt.layer(layers, explained)
        .resolve_scale(y="independent")
        .properties(
            width=_WIDTH,
            height=_ROW_HEIGHT * (last + 1),
            title=alt.TitleParams(title, subtitle=theme.wrapped(f"{subtitle} {_READING}", wide)),
        )
    )
    return theme.themed(chart)


def _laid_out(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str], dict[int, str], list[int]]:
    """Return rows with their place from the top, the texts left and right of each place, and where headings are."""
    rows = table.assign(
        where=table["place"],
        claim=[_claim(row) for row in table.itertuples()],
        claimed=[_range(row) for row in table.itertuples()],
        shown=table["value"].map(percent),
        interval=[f"{percent(row.low)} to {percent(row.high)}" for row in table.itertuples()],
        ours=[f"{row.attack_label}, {row.extractor_label}" for row in table.itertuples()],
    )
    labels, ours, headings, places = {}, {}, [], {}
    for (source, where), group in rows.groupby(["source", "place"], sort=False):
        headings.append(len(labels))
        labels[len(labels)] = f"{source}, {where}"
        for row in group.itertuples():
            places[row.Index] = len(labels)
            text = f"{row.extractor_label}; {row.differs}" if row.differs else row.extractor_label
            ours[len(labels)] = textwrap.shorten(text, _LETTERS, placeholder=" …")
            labels[len(labels)] = f"{row.claim}: {row.claimed} claimed, {row.shown} here{_otherwise(row)}"
    return rows.assign(place=rows.index.map(places)), labels, ours, headings


def _claim(row) -> str:
    """Write what a claim is about, less what goes without saying."""
    ranked = "" if row.rank == 1 else f" (top {row.rank} {row.among})"
    parts = [
        "no attack" if row.attack == _NO_ATTACK else row.attack,
        row.extractor,
        *([] if row.classifier in ("nearest neighbor", "detector", "own head") else [row.classifier]),
        *([] if row.defense == "none" else [row.defense]),
        f"{row.quantity}{ranked}",
    ]
    return ", ".join(parts)


def _otherwise(row) -> str:
    """Write what is measured here where the k best are counted the other way, if it is."""
    return "" if pd.isna(row.other_value) else f" ({percent(row.other_value)} among {OTHERWISE[row.among]})"


def _range(row) -> str:
    """Write what is claimed in percent, with the digits of its source."""
    return " to ".join(f"{100 * rate:.4g}" for rate in dict.fromkeys((row.least, row.most)))


def _lookup(texts: dict) -> str:
    """Return the Vega expression that writes a value's text, or nothing where there is none."""
    return f"{label_expression(texts)} || ''"
