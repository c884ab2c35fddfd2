"""What colluding users' probes are taken for, by setting: appendix D of Radiya-Dixit et al. (ICLR 2022)."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.rates import label_expression, percent
from uncloak.recognition.intervals import rate_interval

OUTCOMES = ("recognized", "taken for the partner", "taken for somebody else")
# Setting -> which of a system's models shows it, and which of its defenses, joined by "+".
SETTINGS = {
    "accurate model alone": ("accurate", ()),
    "robust model alone": ("robust", ()),
    "confidence threshold": ("accurate", ("defense",)),
    "threshold and detector": ("accurate", ("defense", "detector")),
}
COLUMNS = (
    *("dataset", "attack", "extractor", "defense", "user"),
    *("n_probes", "error", "taken_for_partner", "taken_for_other", "seed"),
)

_COLORS = {"recognized": "#c9c9c9", "taken for the partner": "#e69f00", "taken for somebody else": "#56b4e9"}
_PANEL_WIDTH = 330
_BAR_HEIGHT = 24
# From the top of a bar, beneath the numbers.
_WHISKER = 16.5
# Shares below are too narrow for their number.
_NARROW = 0.07
_LEAST_WIDTH = 540
_WHISKERS = "Whiskers: intervals of the shares recognized and taken for somebody else."


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the table of the experiment."""
    attacks = {"none": "no attack", **given.told["attacks"]}
    table, systems = given.table("table", *COLUMNS), given.told["systems"]
    there = set(table["defense"])
    there = [name for name, system in systems.items() if system["defense"] in there]
    rows = outcomes(table, {name: systems[name] for name in given.standing(systems, there)}, attacks)
    subtitle = (
        "What the users' clean probes are taken for when all users post pictures perturbed by one attack at once. "
        f"{source(given, rows)}"
    )
    return collusion(rows, given.told["title"], subtitle, INTERVAL), rows


def outcomes(
    table: pd.DataFrame, systems: Mapping[str, Mapping[str, str]], attack_labels: Mapping[str, str]
) -> pd.DataFrame:
    """Average over users what their probes are taken for, by system, setting and attack.

    Args:
        table: one row per (dataset, attack, extractor, defense, user) with the columns `COLUMNS`; shares in [0,1]
            of the user's probes, where `error` is that of probes not recognized as the user.
        systems: system -> its `label`, the extractors called `accurate` and `robust`, and its `defense` and `detector`,
            in the order of drawing.
        attack_labels: attack -> its label, in the order of drawing; attacks not named are left out.

    Returns one row per (system, setting, attack, outcome) with the columns system, label, setting, attack,
    attack_label, outcome (one of `OUTCOMES`), share (mean over users, in [0,1]) with the 95 % interval low to
    high over users, n_users, n_probes (all users' together), seed and dataset.

    Raises InputError where columns, or the rows of a setting under an attack, are missing, a user stands twice, or the
    shares do not add up to 1.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"collusion table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    shares = pd.DataFrame(
        dict(zip(OUTCOMES, (1 - table["error"], table["taken_for_partner"], table["taken_for_other"]), strict=True))
    )
    odd = ((shares.sum(axis=1) - 1).abs() > 1e-5) | ~shares.ge(-1e-5).all(axis=1)
    if odd.any():
        first = table[odd].iloc[0]
        raise InputError(
            f"collusion table: the shares of user '{first.user}' under attack '{first.attack}' do not add up to 1;"
            " evaluate again"
        )
    groups = dict(iter(table.join(shares).groupby(["extractor", "defense", "attack"], sort=False)))
    records = []
    for system, record in systems.items():
        for setting, (model, defenses) in SETTINGS.items():
            extractor, defense = record[model], "+".join(record[name] for name in defenses) or "none"
            for attack, attack_label in attack_labels.items():
                rows = groups.get((extractor, defense, attack))
                if rows is None:
                    raise InputError(
                        f"collusion table: has no rows of '{extractor}' with defense '{defense}'"
                        f" under attack '{attack}'; evaluate it"
                    )
                names = {"system": system, "label": record["label"], "setting": setting}
                names |= {"attack": attack, "attack_label": attack_label}
                records += [names | shares for shares in _mean_shares(rows)]
    return pd.DataFrame(records)


def _mean_shares(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return one record per outcome, the mean over the users of one setting and attack.

    Raises InputError where a user stands twice.
    """
    first = rows.iloc[0]
    if rows["user"].duplicated().any():
        raise InputError(
            f"collusion table: user '{rows[rows['user'].duplicated()].iloc[0].user}' stands twice under attack"
            f" '{first.attack}' and '{first.extractor}'; read each evaluation once"
        )
    rows = rows.sort_values("user", kind="stable")
    seed = int(first.seed)
    counts = {"n_users": len(rows), "n_probes": int(rows["n_probes"].sum()), "seed": seed, "dataset": first.dataset}
    records = []
    for outcome in OUTCOMES:
        low, high = rate_interval(rows[outcome], rows["n_probes"])
        records.append({"outcome": outcome, "share": rows[outcome].mean(), "low": low, "high": high, **counts})
    return records


def collusion(table: pd.DataFrame, title: str, subtitle: str, interval: str = "95 % interval") -> alt.ConcatChart:
    """Draw what users' probes are taken for, a stacked bar for each setting and attack, one panel per system.

    Args:
        table: what `outcomes` returned.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        interval: what `low` and `high` are, for the tooltip.

    Raises InputError where the table is empty.
    """
    if table.empty:
        raise InputError("collusion table: has no rows; name a system and an attack")
    rows = table.assign(
        value=table["share"].map(percent),
        interval=table["low"].map(percent) + " to " + table["high"].map(percent) + " %",
        order=table["outcome"].map(OUTCOMES.index),
    )
    # Where a bar's parts lie; the ends of the first and the last part have an interval of their own.
    stacks = rows.groupby(["system", "setting", "attack"], sort=False)["share"]
    rows["end"] = stacks.cumsum()
    rows["start"] = rows["end"] - rows["share"]
    rows["middle"] = (rows["start"] + rows["end"]) / 2
    last = rows["outcome"] == OUTCOMES[-1]
    rows["end_low"] = rows["low"].where(~last, 1 - rows["high"])
    rows["end_high"] = rows["high"].where(~last, 1 - rows["low"])
    labels = dict(zip(table["attack"], table["attack_label"], strict=True))
    names = list(dict.fromkeys(table["label"]))
    legend = alt.Legend(orient="top", title=None, labelLimit=0, symbolType="square", offset=10)
    color = alt.Color(
        "outcome:N", scale=alt.Scale(domain=list(OUTCOMES), range=[_COLORS[name] for name in OUTCOMES]), legend=legend
    )
    tooltip = [
        alt.Tooltip("label:N", title="system"),
        alt.Tooltip("setting:N"),
        alt.Tooltip("attack_label:N", title="attack"),
        alt.Tooltip("outcome:N"),
        alt.Tooltip("value:N", title="share, %"),
        alt.Tooltip("interval:N", title=interval),
        alt.Tooltip("n_users:Q", title="users"),
        alt.Tooltip("n_probes:Q", title="probes"),
        alt.Tooltip("dataset:N", title="dataset"),
        alt.Tooltip("seed:N", title="seed"),
    ]

    def draw(own: pd.DataFrame, setting: str, top: bool, left: bool, bottom: bool) -> alt.LayerChart:
        shares = alt.Scale(domain=[0, 1], nice=False)
        axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", domain=False, ticks=False, labels=bottom)
        x = alt.X("start:Q", title="share of the users' probes" if bottom else None, scale=shares, axis=axis)
        y = alt.Y(
            "attack:N",
            title=None,
            scale=alt.Scale(domain=list(labels), paddingInner=0.2, paddingOuter=0.1),
            axis=alt.Axis(labelExpr=label_expression(labels), labelLimit=0, labels=left, ticks=False, domain=False),
        )
        base = alt.Chart(own[own["setting"] == setting]).encode(y=y)
        bars = base.mark_bar().encode(x=x, x2="end:Q", color=color, tooltip=tooltip)
        ends = base.transform_filter(alt.FieldOneOfPredicate("outcome", [OUTCOMES[0], OUTCOMES[-1]]))
        whiskers = ends.mark_rule(strokeWidth=1.4, color=theme.INK).encode(
            x=alt.X("end_low:Q"), x2="end_high:Q", yOffset=alt.value(_WHISKER)
        )
        numbers = (
            base.transform_filter(f"datum.share >= {_NARROW}")
            .mark_text(fontSize=theme.LABEL_SIZE, color=theme.INK, dy=-1.5)
            .encode(x=alt.X("middle:Q"), text="value:N")
        )
        heading = (
            alt.TitleParams(
                own["label"].iloc[0],
                subtitle=setting,
                fontSize=theme.TEXT_SIZE + 1,
                subtitleColor=theme.INK,
                subtitlePadding=3,
                offset=4,
            )
            if top
            else alt.TitleParams(setting, fontSize=theme.TEXT_SIZE, fontWeight="normal", offset=4)
        )
        return alt.layer(bars, whiskers, numbers).properties(
            width=_PANEL_WIDTH, height=_BAR_HEIGHT * len(labels), title=heading
        )

    charts = [
        draw(rows[rows["label"] == name], setting, place == 0, name == names[0], place == len(SETTINGS) - 1)
        for place, setting in enumerate(SETTINGS)
        for name in names
    ]
    width = max(_LEAST_WIDTH, (_PANEL_WIDTH + 30) * len(names) + 100)
    heading = alt.TitleParams(title, subtitle=theme.wrapped(f"{subtitle} {_WHISKERS}", width))
    return theme.themed(alt.concat(*charts, columns=len(names), spacing=14).properties(title=heading))
