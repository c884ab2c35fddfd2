"""ROC curves of the detectors of perturbed faces, one panel per detector."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.experiments.detection.measure import SCORE_COLUMNS, roc_curves
from uncloak.experiments.given import Given
from uncloak.figures import theme
from uncloak.figures.rates import label_expression
from uncloak.tables import read_table

_SIDE = 330
_SPACING = 34
_LINE_HEIGHT = 16
_CURVES = ("dataset", "detector", "attack", "threshold", "false_positive_rate", "true_positive_rate")
_METRICS = ("dataset", "detector", "trained_on", "attack", "auc", "auc_low", "auc_high", "recall", "n_pictures", "seed")
# The curves of good detectors lie at the left edge: square roots give it room.
_EXPONENT = 0.5
_KEY = (
    "Full lines: attacks that the detector has learned; dashed: others; dotted: chance. Markers: faces are flagged from"
    " score {threshold:g} on."
)


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw the curves of all detectors."""
    metrics, attacks = given.table("table", *_METRICS, "n_identities"), given.told["attacks"]
    curves = pd.concat([roc_curves(read_table(path, *SCORE_COLUMNS), list(attacks)) for path in given.files["scores"]])
    after = f" After {given.told['paper']} of Radiya-Dixit et al. (ICLR 2022)." if given.told["paper"] else ""
    subtitle = (
        f"{metrics['n_identities'].max()} people whom no detector has seen: {metrics['n_pictures'].max() // 2} of their"
        f" pictures, clean and perturbed by each attack. Dataset: {given.told['dataset_label']}."
        f" Seed {given.seed}.{after}"
    )
    chart = roc_curves_figure(
        curves, metrics, attacks, given.told["detectors"], given.options.threshold, given.told["title"], subtitle
    )
    return chart, curves


def roc_curves_figure(
    curves: pd.DataFrame,
    metrics: pd.DataFrame,
    attacks: Mapping[str, str],
    detectors: Mapping[str, str],
    threshold: float,
    title: str,
    subtitle: str,
) -> alt.ConcatChart:
    """Draw the share of perturbed faces found against that of clean faces flagged, and write the area beneath.

    Args:
        curves: rows as `uncloak.experiments.detection.measure.roc_curves` returns them, of one dataset.
        metrics: rows as `uncloak.experiments.detection.measure.detection_metrics` returns them, of the same.
        attacks: names and labels, in the order of drawing.
        detectors: names and labels, one panel each.
        threshold: score from which a face is flagged, marked on each curve.
        title: the figure's title.
        subtitle: what is shown, numbers of people and pictures, dataset, seed; wrapped to the figure's width.

    Raises InputError where columns are missing, a detector or an attack has no curve, or both have several metrics.
    """
    for what, table, needed in (("ROC table", curves, _CURVES), ("detection table", metrics, _METRICS)):
        missing = [column for column in needed if column not in table]
        if missing:
            raise InputError(f"{what}: has no column '{missing[0]}'; it needs {', '.join(needed)}")
        found = set(zip(table["detector"], table["attack"], strict=True))
        absent = [(detector, attack) for detector in detectors for attack in attacks if (detector, attack) not in found]
        if absent or not detectors or not attacks:
            detector, attack = absent[0] if absent else ("", "")
            raise InputError(f"{what}: has no rows of detector '{detector}' and attack '{attack}'; name others")
    metrics = metrics[metrics["detector"].isin(list(detectors)) & metrics["attack"].isin(list(attacks))].copy()
    repeated = metrics[metrics.duplicated(["detector", "attack"])]
    if len(repeated):
        one = f"detector '{repeated.iloc[0].detector}' and attack '{repeated.iloc[0].attack}'"
        raise InputError(f"detection table: has several rows of {one}; measure them again")
    metrics["learned"] = [row.attack in row.trained_on.split() for row in metrics.itertuples()]
    metrics["label"] = metrics["attack"].map(dict(attacks))
    metrics["line"] = metrics["attack"].map({attack: place for place, attack in enumerate(attacks)})
    metrics["area"] = metrics["auc"].map(_area)
    metrics["interval"] = metrics["auc_low"].map(_area) + " to " + metrics["auc_high"].map(_area)
    curves = curves.merge(metrics.drop(columns=["dataset"]), on=["detector", "attack"], validate="many_to_one")
    encodings = _Encodings(attacks)
    panels = [
        _panel(
            curves[curves["detector"] == detector],
            metrics[metrics["detector"] == detector],
            encodings,
            threshold,
            place == 0,
        ).properties(
            width=_SIDE,
            height=_SIDE,
            title=alt.TitleParams(f"Detector {label}", fontSize=theme.TEXT_SIZE + 1, offset=8),
        )
        for place, (detector, label) in enumerate(detectors.items())
    ]
    heading = alt.TitleParams(
        title,
        subtitle=theme.wrapped(
            f"{subtitle} {_KEY.format(threshold=threshold)}", max(2, len(panels)) * (_SIDE + _SPACING)
        ),
    )
    return theme.themed(alt.concat(*panels, columns=3, spacing=_SPACING).properties(title=heading))


class _Encodings:
    """Color, marker and dashes of every attack; the figure's one legend."""

    def __init__(self, attacks: Mapping[str, str]):
        styles = theme.attack_styles(list(attacks))
        legend = alt.Legend(
            orient="top", title=None, labelLimit=0, labelExpr=label_expression(dict(attacks)), offset=10
        )
        self.color = alt.Color(
            "attack:N", scale=alt.Scale(domain=list(attacks), range=[style.color for style in styles]), legend=legend
        )
        self.shape = alt.Shape(
            "attack:N", scale=alt.Scale(domain=list(attacks), range=[style.shape for style in styles]), legend=legend
        )
        self.dash = alt.StrokeDash(
            "learned:N", scale=alt.Scale(domain=[True, False], range=[[1, 0], [5, 3]]), legend=None
        )


def _panel(
    curves: pd.DataFrame, metrics: pd.DataFrame, encodings: _Encodings, threshold: float, left: bool
) -> alt.LayerChart:
    ticks = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1]
    x = alt.X(
        "false_positive_rate:Q",
        title="clean faces flagged (square-root scale)",
        scale=alt.Scale(type="pow", exponent=_EXPONENT, domain=[0, 1], nice=False),
        axis=alt.Axis(values=ticks, format="~%", labelFlush=False),
    )
    y = alt.Y(
        "true_positive_rate:Q",
        title="perturbed faces flagged" if left else None,
        scale=alt.Scale(domain=[0, 1.02], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%", domain=False, ticks=False),
    )
    tooltip = [
        alt.Tooltip("label:N", title="attack"),
        alt.Tooltip("threshold:Q", title="score from which flagged", format=".3g"),
        alt.Tooltip("true_positive_rate:Q", title="perturbed faces flagged", format=".1%"),
        alt.Tooltip("false_positive_rate:Q", title="clean faces flagged", format=".1%"),
        alt.Tooltip("area:N", title="AUC"),
        alt.Tooltip("interval:N", title="95 % interval over people"),
        alt.Tooltip("n_pictures:Q", title="pictures"),
        alt.Tooltip("seed:Q", title="seed"),
    ]
    base = alt.Chart(curves).encode(x=x, y=y, color=encodings.color)
    lines = (
        base.mark_line(interpolate="step-after", strokeWidth=1.8)
        .encode(strokeDash=encodings.dash, order="place:Q", tooltip=tooltip)
        .transform_window(place="row_number()", groupby=["attack"])
    )
    # The last point from the threshold on: what is flagged there.
    marked = curves[curves["threshold"] >= threshold].groupby("attack", sort=False).tail(1)
    # Hollow, so that markers at one place are all seen.
    points = (
        alt.Chart(marked)
        .mark_point(size=95, strokeWidth=1.8, opacity=1)
        .encode(x=x, y=y, color=encodings.color, shape=encodings.shape, tooltip=tooltip)
    )
    even = np.linspace(0, 1, 51)
    chance = pd.DataFrame({"false_positive_rate": even, "true_positive_rate": even})
    diagonal = alt.Chart(chance).mark_line(color=theme.QUIET_INK, strokeDash=[2, 3], strokeWidth=1).encode(x=x, y=y)
    return alt.layer(diagonal, lines, points, _areas(metrics))


def _areas(metrics: pd.DataFrame) -> alt.Chart:
    """Return the areas under the curves, written in the corner that curves leave free."""
    own = metrics.sort_values("line")
    lines = ["area under the curve", *(own["label"] + "  " + own["area"])]
    places = _SIDE - 14 - _LINE_HEIGHT * np.arange(len(lines) - 1, -1, -1)
    return (
        alt.Chart(pd.DataFrame({"line": lines, "place": places}))
        .mark_text(align="right", x=_SIDE - 8, fontSize=theme.LABEL_SIZE, color=theme.INK)
        .encode(y=alt.Y("place:Q", scale=None, axis=None), text="line:N")
    )


def _area(value: float) -> str:
    """Write an area with three digits, and 1.000 only where no pair of faces is ranked wrongly."""
    return ">0.999" if 0.9995 <= value < 1 else f"{value:.3f}"
