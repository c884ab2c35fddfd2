"""Accuracy of classifiers by release under an attack on older ones: figure 3 of Radiya-Dixit et al. (ICLR 2022)."""

import textwrap
from collections.abc import Mapping

import altair as alt
import pandas as pd

from uncloak.errors import InputError
from uncloak.figures import theme
from uncloak.figures.rates import BAR, POINT, label_expression, month, percent
from uncloak.transfer import ENSEMBLE

MEASURED = (
    *("classifier", "in_ensemble", "condition"),
    *("top1", "top1_low", "top1_high", "top5", "top5_low", "top5_high", "n_pictures", "n_classes", "seed"),
)
COLUMNS = (MEASURED[0], "label", "released", *MEASURED[1:])
_CONDITIONS = {"clean": "clean pictures", "transferred": "pictures perturbed against the ensemble"}
_STYLES = {"clean": theme.Style("#7f7f7f", "circle"), "transferred": theme.Style("#0072b2", "triangle-up")}
_PANELS = {"top1": "top-1 accuracy", "top5": "top-5 accuracy"}
_TOGETHER = "surrogates together"
_PANEL_HEIGHT = 230
_COLUMN_WIDTH = 84
_LABEL_LETTERS = 13


def labeled(table: pd.DataFrame, classifiers: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return the rows of `uncloak.transfer.evaluation.measure`, oldest release first, with `label` and `released`.

    classifiers: name -> {label, released: YYYY-MM-DD}. The ensemble is as new as its newest classifier.
    Raises InputError where a classifier has no label or another form of date.
    """
    known = [name for name in table["classifier"][table["in_ensemble"]] if name in classifiers]
    if known:
        newest = max(classifiers[name]["released"] for name in known)
        classifiers = {ENSEMBLE: {"label": _TOGETHER, "released": newest}, **classifiers}
    unknown = [name for name in table["classifier"] if name not in classifiers]
    if unknown:
        raise InputError(f"classifier '{unknown[0]}': has no record; give it a label and a release")
    table = table.assign(
        label=[classifiers[name]["label"] for name in table["classifier"]],
        released=[classifiers[name]["released"] for name in table["classifier"]],
    )
    dates = pd.to_datetime(table["released"], format="%Y-%m-%d", errors="coerce")
    if dates.isna().any():
        wrong = table[dates.isna()].iloc[0]
        raise InputError(f"classifier '{wrong.classifier}': released '{wrong.released}' is not YYYY-MM-DD")
    return table.sort_values(["released", "label", "condition"], ignore_index=True)[list(COLUMNS)]


def transfer_over_time(table: pd.DataFrame, attack: Mapping, objects: str) -> alt.VConcatChart:
    """Draw top-1 and top-5 accuracy with their intervals, classifiers from oldest to newest release.

    Args:
        table: what `labeled` returned; accuracies in [0,1], two rows per classifier (clean, transferred).
        attack: the attack's epsilon (of 1) and steps.
        objects: what the pictures are, for the subtitle.

    Raises InputError where columns or rows are missing, repeated, or out of range.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(f"transfer table: has no column '{missing[0]}'; it needs {', '.join(COLUMNS)}")
    pairs = table.groupby("classifier")["condition"].agg(sorted)
    if not len(table) or any(conditions != sorted(_CONDITIONS) for conditions in pairs):
        raise InputError(f"transfer table: each classifier needs one row for each of {', '.join(_CONDITIONS)}")
    for top in _PANELS:
        if not table[[top, f"{top}_low", f"{top}_high"]].stack().between(0, 1).all():
            raise InputError(f"transfer table: '{top}' must be numbers in [0, 1], not percent")
    classifiers = table.drop_duplicates("classifier")
    width = _COLUMN_WIDTH * len(classifiers)
    panels = [_panel(table, classifiers, top, width, bottom=top == "top5") for top in _PANELS]
    subtitle = (
        f"PGD (L-inf {255 * attack['epsilon']:.3g}/255, {attack['steps']} steps) raises the mean loss of the ensemble "
        f"(hollow markers); every classifier then sees the same 8-bit pictures. {classifiers['n_pictures'].iloc[0]} "
        f"test pictures of {classifiers['n_classes'].iloc[0]} classes of {objects}; bars are 95 % intervals over "
        f"classes (Korn and Graubard). Seed {table['seed'].iloc[0]}. "
        "After Figure 3 and Table 4 of Radiya-Dixit et al. (ICLR 2022)."
    )
    title = alt.TitleParams(
        "Do adversarial examples fool classifiers of the future?", subtitle=theme.wrapped(subtitle, width)
    )
    return theme.themed(alt.vconcat(*panels, spacing=18).properties(title=title))


def _panel(table: pd.DataFrame, classifiers: pd.DataFrame, top: str, width: int, bottom: bool) -> alt.LayerChart:
    """Return the panel of one accuracy; only the panel at the bottom names the classifiers."""
    rows = table.assign(
        value=table[top].map(percent),
        interval=table[f"{top}_low"].map(percent) + " to " + table[f"{top}_high"].map(percent) + " %",
        role=table["in_ensemble"].map({True: "attacked (white box)", False: "not known to the attack"}),
    )
    names = {
        row.classifier: [*textwrap.wrap(row.label, _LABEL_LETTERS), month(row.released)]
        for row in classifiers.itertuples()
    }
    axis = {"labels": bottom, "ticks": False, "labelAngle": 0, "labelLimit": 0, "labelLineHeight": 15}
    x = alt.X(
        "classifier:N",
        sort=list(classifiers["classifier"]),
        title="classifier, from oldest to newest release" if bottom else None,
        axis=alt.Axis(labelExpr=label_expression(names), **axis),
    )
    y = alt.Y(
        f"{top}:Q",
        title=_PANELS[top],
        scale=alt.Scale(domain=[0, 1.08], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", domain=False, ticks=False),
    )
    conditions = list(_CONDITIONS)
    legend = alt.Legend(orient="top", title=None, labelLimit=0, labelExpr=label_expression(_CONDITIONS), offset=8)
    colors = alt.Scale(domain=conditions, range=[_STYLES[name].color for name in conditions])
    shapes = alt.Scale(domain=conditions, range=[_STYLES[name].shape for name in conditions])
    dodge = alt.XOffset("condition:N", sort=conditions, scale=alt.Scale(paddingInner=0, paddingOuter=0.55))
    stroke = alt.Stroke("condition:N", scale=colors, legend=legend)
    base = alt.Chart(rows).encode(x=x, xOffset=dodge, stroke=stroke)
    bars = base.mark_rule(**BAR).encode(y=alt.Y(f"{top}_low:Q"), y2=f"{top}_high:Q")
    points = base.mark_point(size=80, **POINT).encode(
        y=y,
        shape=alt.Shape("condition:N", scale=shapes, legend=legend),
        fill=alt.condition(
            "datum.in_ensemble", alt.value(theme.PAPER), alt.Fill("condition:N", scale=colors, legend=legend)
        ),
        tooltip=[
            alt.Tooltip("label:N", title="classifier"),
            alt.Tooltip("released:N", title="released"),
            alt.Tooltip("role:N", title="role"),
            alt.Tooltip("condition:N", title="pictures"),
            alt.Tooltip("value:N", title=f"{_PANELS[top]}, %"),
            alt.Tooltip("interval:N", title="95 % interval over classes"),
            alt.Tooltip("n_pictures:Q", title="number of pictures"),
            alt.Tooltip("seed:N", title="seed"),
        ],
    )
    numbers = alt.Chart(rows).encode(x=x, xOffset=dodge, y=alt.Y(f"{top}_high:Q"), text="value:N")
    number = {"baseline": "bottom", "dy": -6, "fontSize": theme.LABEL_SIZE}
    # White beneath the numbers keeps them readable where lines pass.
    halo = numbers.mark_text(**number, stroke=theme.PAPER, strokeWidth=3.5, strokeJoin="round")
    text = numbers.mark_text(**number, color=theme.INK)
    return alt.layer(bars, halo, points, text).properties(width=width, height=_PANEL_HEIGHT)
