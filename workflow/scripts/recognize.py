"""Recognize the users, without attack and under each, and read off every error that the comparisons tell."""

import json

import pandas as pd

from uncloak.jobs import logged
from uncloak.recognition.comparisons import read_comparisons
from uncloak.recognition.evaluation import evaluate
from uncloak.recognition.ranks import rank_errors
from uncloak.recognition.unprotected import unprotected_errors
from uncloak.recognition.verification import verification_errors
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    attacks = json.loads(snakemake.params.attacks)
    choices = {
        "unprotected": json.loads(snakemake.params.unprotected),
        "posted": json.loads(snakemake.params.posted),
        "choices": snakemake.params.choices,
    }
    measures = {
        "protection": (evaluate, {}),
        "unprotected": (unprotected_errors, choices),
        "ranks": (rank_errors, {}),
        "verification": (verification_errors, {}),
    }
    tables = {name: [] for name in measures}
    extractors = json.loads(snakemake.params.extractors)
    for extractor, path in zip(extractors, snakemake.input.comparisons, strict=True):
        comparisons = read_comparisons(path)
        names = {"dataset": snakemake.wildcards.dataset, "extractor": extractor, "seed": snakemake.params.seed}
        for name, (measure, options) in measures.items():
            tables[name].append(measure(comparisons, attacks[extractor], **names, **options))
    for name, parts in tables.items():
        write_table(pd.concat(parts, ignore_index=True), snakemake.output[name])
