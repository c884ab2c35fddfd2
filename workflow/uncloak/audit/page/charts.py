"""The audit's chart as vector pictures that stand in the page: no script draws them, and they take the page's colors.

Colors are the page's variables, such as var(--ink), so that one picture serves light, dark and paper.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd
import vl_convert
from markupsafe import Markup

from uncloak.audit.page.findings import NONE, Findings
from uncloak.figures.page import VEGA_LITE
from uncloak.figures.theme import FONT, attack_styles


class Width(NamedTuple):
    """How wide a chart is: the points of its scale, where the models' names stand, and the points between models."""

    points: int
    names: dict[str, str | int]
    axis: str
    gap: int


WIDE = Width(560, {"labelPadding": 14, "labelLimit": 280}, "top", 14)
# On narrow screens a model's name stands above what it found.
NARROW = Width(300, {"labelAlign": "left", "labelPadding": 0, "labelLimit": 300}, "bottom", 30)
_STEP = 17


def colors(cloaks: Sequence[str]) -> list[str]:
    """Return the color (hex) of no cloak and of each cloak, as all figures have them."""
    return [style.color for style in attack_styles([NONE, *cloaks])]


def found_chart(findings: Findings, labels: dict[str, str], width: Width) -> Markup:
    """Return the shares that each model found, with their intervals, oldest model first, as an SVG element.

    labels: what to call "none" and each cloak.
    """
    shown = [NONE, *findings.cloaks]
    rows = [
        {
            "model": place,
            "cloak": labels[cloak],
            "share": count.found / count.probes,
            "low": count.low,
            "high": count.high,
        }
        for place, model in enumerate(findings.models)
        for cloak in shown
        if (count := findings.count(cloak, model)) and count.probes
    ]
    if not rows:
        return Markup()
    series = _STEP * len(shown)
    names = json.dumps([f"{model.label} · {model.released[:4]}".removesuffix(" · ") for model in findings.models])
    models = alt.Axis(title=None, labelExpr=f"{names}[datum.value]", labelColor="var(--ink)", **width.names)
    if width.axis == "bottom":
        models.labelOffset = -(series + width.gap // 2) / 2
    shares = alt.Axis(title=None, format=".0%", values=[0, 0.25, 0.5, 0.75, 1], orient=width.axis, grid=True)
    cloaks = [labels[cloak] for cloak in shown]
    colors = alt.Scale(domain=cloaks, range=[f"var(--cloak-{place})" for place in range(len(shown))])
    shapes = alt.Scale(domain=cloaks, range=[style.shape for style in attack_styles(shown)])
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("model:O", axis=models, scale=alt.Scale(paddingInner=width.gap / (series + width.gap))),
        yOffset=alt.YOffset("cloak:N", sort=cloaks),
        color=alt.Color("cloak:N", title=None, scale=colors),
    )
    bars = base.mark_rule(strokeWidth=2, opacity=0.55, strokeCap="round").encode(
        x=alt.X("low:Q", scale=alt.Scale(domain=[0, 1]), axis=shares), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=75, opacity=1).encode(
        x="share:Q", shape=alt.Shape("cloak:N", title=None, scale=shapes)
    )
    height = len(findings.models) * (series + width.gap)
    record = _styled(alt.layer(bars, points).properties(width=width.points, height=height)).to_dict()
    # Vega escapes what it writes: names in the record are text to it.
    return Markup(vl_convert.vegalite_to_svg(record, vl_version=VEGA_LITE))


def _styled(chart: alt.TopLevelMixin) -> alt.TopLevelMixin:
    quiet, line = "var(--quiet)", "var(--line)"
    return chart.configure(
        background="transparent",
        font=FONT,
        padding=2,
        view={"stroke": None},
        axis={"labelFontSize": 13, "labelColor": quiet, "gridColor": line, "domain": False, "ticks": False},
        legend={"orient": "top", "labelFontSize": 13, "labelColor": "var(--ink)", "symbolSize": 80, "symbolOpacity": 1},
    )
