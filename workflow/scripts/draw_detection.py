"""Measure the detectors on their test people, under the attacks that they learned and under others, and draw it."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.defenses.detection_metrics import detection_metrics, roc_curves
from uncloak.figures.roc import roc_curves_figure
from uncloak.figures.saving import save
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    detectors, attacks = json.loads(params.detectors), json.loads(params.attacks)
    scores = {name: read_table(path) for name, path in zip(detectors, snakemake.input.scores, strict=True)}
    metrics = pd.concat(
        [
            detection_metrics(table, detectors[name]["attacks"], list(attacks), params.threshold, params.seed)
            for name, table in scores.items()
        ],
        ignore_index=True,
    )
    write_table(metrics, output.table)
    curves = pd.concat([roc_curves(table, list(attacks)) for table in scores.values()], ignore_index=True)
    subtitle = (
        f"{metrics['n_identities'].max()} people whom no detector has seen: {metrics['n_pictures'].max() // 2} of their"
        f" pictures, clean and perturbed by each attack. Dataset: {params.dataset}. Seed {params.seed}."
        f" After {params.paper} of Radiya-Dixit et al. (ICLR 2022)."
    )
    labels = {name: detector["label"] for name, detector in detectors.items()}
    chart = roc_curves_figure(curves, metrics, attacks, labels, params.threshold, params.title, subtitle)
    save(chart, curves, output.html, output.svg, output.png, output.csv, snakemake.input.vega)
