"""Recognize the users, without attack and under each, and read off the errors that are wanted."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.recognition.comparing import read_compared
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
    tables = {name: [] for name in snakemake.output.keys()}  # noqa: SIM118 - the outputs are no mapping
    posted = iter(snakemake.input.posted)
    for (extractor, sources), path in zip(
        json.loads(snakemake.params.sources), snakemake.input.comparisons, strict=True
    ):
        comparisons = read_compared(path, {tuple(source): next(posted) for source in sources})
        names = {"dataset": snakemake.wildcards.dataset, "extractor": extractor, "seed": snakemake.params.seed}
        for name in tables:
            measure, options = measures[name]
            tables[name].append(measure(comparisons, attacks[extractor], **names, **options))
    for name, parts in tables.items():
        write_table(pd.concat(parts, ignore_index=True), snakemake.output[name])
