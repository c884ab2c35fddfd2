"""The ROC figure: what is drawn is what the tables say."""

import re

import numpy as np
import pandas as pd
import pytest
from figures_read_back import svg_of, texts

from uncloak.errors import InputError
from uncloak.experiments.detection.figure import roc_curves_figure
from uncloak.experiments.detection.measure import detection_metrics, roc_curves
from uncloak.figures import theme

ATTACKS = {"fawkes_v10": "Fawkes v1.0", "lowkey": "LowKey"}
DETECTORS = {"second": "trained on LowKey", "first": "trained on Fawkes"}
LEARNED = {"first": ["fawkes_v10"], "second": ["lowkey"]}


def tables(lift: float = 0.35) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(0)
    curves, metrics = [], []
    for detector, learned in LEARNED.items():
        rows = []
        for person in range(5):
            for stem in range(8):
                for posting in ("clean", *ATTACKS):
                    value = random.random() * 0.6 + (0 if posting == "clean" else lift)
                    rows.append((f"p{person}/{stem}", f"p{person}", "test", posting, min(value, 1)))
        scores = pd.DataFrame(rows, columns=["picture", "identity", "part", "posting", "score"])
        scores = scores.assign(dataset="d", detector=detector)
        curves.append(roc_curves(scores, list(ATTACKS)))
        metrics.append(detection_metrics(scores, learned, list(ATTACKS), 0.5, 1))
    return pd.concat(curves, ignore_index=True), pd.concat(metrics, ignore_index=True)


@pytest.fixture(scope="module")
def drawn() -> tuple[pd.DataFrame, pd.DataFrame]:
    return tables()


def figure(curves, metrics, attacks=ATTACKS, detectors=DETECTORS):
    return roc_curves_figure(curves, metrics, attacks, detectors, 0.5, "Detection", "5 people.")


def test_panels_labels_and_areas_are_written(drawn):
    curves, metrics = drawn
    labels = texts(svg_of(figure(curves, metrics)))
    panels = [text for text in labels if text.startswith("Detector ")]
    assert panels == ["Detector trained on LowKey", "Detector trained on Fawkes"]
    for row in metrics.itertuples():
        written = f"{row.auc:.3f}" if row.auc < 0.9995 or row.auc == 1 else "&gt;0.999"
        assert f"{ATTACKS[row.attack]}  {written}" in labels
    assert "score 0.5 on." in " ".join(labels)


def test_markers_stand_where_faces_are_flagged(drawn):
    """Against recall and false positives counted from the table of measures."""
    curves, metrics = drawn
    svg = svg_of(figure(curves, metrics, detectors={"first": "one"}))
    symbols = re.findall(r'translate\(([\d.]+),([\d.]+)\)"[^>]*stroke="(#[0-9a-f]{6})"', svg)
    for row in metrics[metrics["detector"] == "first"].itertuples():
        false = 1 + row.recall - 2 * row.accuracy  # as many clean as perturbed pictures
        x, y = 330 * false**0.5, 330 * (1 - row.recall / 1.02)
        color = theme.attack_styles([row.attack])[0].color
        near = [(float(a), float(b)) for a, b, stroke in symbols if stroke == color]
        assert any(abs(a - x) < 0.5 and abs(b - y) < 0.5 for a, b in near), (row.attack, x, y, near)


def test_lines_of_attacks_not_learned_are_dashed(drawn):
    svg = svg_of(figure(*drawn, detectors={"first": "one"}))
    dashes = {}
    for tag in re.findall(r'<path aria-roledescription="line mark"[^>]*>|<path [^>]*stroke-dasharray[^>]*>', svg):
        color = re.search(r'stroke="(#[0-9a-f]{6})"', tag)
        dash = re.search(r'stroke-dasharray="([^"]+)"', tag)
        if color and dash:
            dashes.setdefault(color[1], set()).add(dash[1])
    colors = {attack: theme.attack_styles([attack])[0].color for attack in ATTACKS}
    assert dashes[colors["lowkey"]] == {"5,3"}
    assert dashes[colors["fawkes_v10"]] == {"1,0"}


def test_a_nearly_perfect_area_is_not_written_as_perfect(drawn):
    curves, metrics = drawn
    for area, written in ((0.9996, "&gt;0.999"), (1.0, "1.000"), (0.9994, "0.999")):
        assert f"LowKey  {written}" in svg_of(figure(curves, metrics.assign(auc=area)))


def test_equal_tables_give_equal_figures_whatever_the_order_of_metrics(drawn):
    curves, metrics = drawn
    shuffled = metrics.sample(frac=1, random_state=1)
    assert svg_of(figure(curves, shuffled)) == svg_of(figure(curves, metrics))


def test_faulty_tables_are_told(drawn):
    curves, metrics = drawn
    with pytest.raises(InputError, match="ROC table: has no column 'threshold'"):
        figure(curves.drop(columns="threshold"), metrics)
    with pytest.raises(InputError, match="detection table: has no column 'auc'"):
        figure(curves, metrics.drop(columns="auc"))
    with pytest.raises(InputError, match="ROC table: has no rows of detector 'first' and attack 'other'"):
        figure(curves, metrics, {**ATTACKS, "other": "Other"}, {"first": "one"})
    with pytest.raises(InputError, match="detection table: has no rows of detector 'second'"):
        figure(curves, metrics[metrics["detector"] == "first"])
    with pytest.raises(InputError, match="detection table: has several rows of detector 'first' and attack '"):
        figure(curves, pd.concat([metrics, metrics.head(1)]))
