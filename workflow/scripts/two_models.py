"""Recognize the users by systems of two extractors, without attack and under each."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.recognition.comparing import read_compared
from uncloak.recognition.systems import evaluate_system
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    posted = iter(snakemake.input.posted)
    compared = {
        extractor: read_compared(path, {tuple(source): next(posted) for source in sources})
        for (extractor, sources), path in zip(
            json.loads(snakemake.params.sources), snakemake.input.comparisons, strict=True
        )
    }
    tables = [
        evaluate_system(
            compared[models["accurate"]],
            compared[models["robust"]],
            json.loads(snakemake.params.attacks),
            dataset=snakemake.wildcards.dataset,
            system=system,
            seed=snakemake.params.seed,
            share=snakemake.params.share,
        )
        for system, models in json.loads(snakemake.params.systems).items()
    ]
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
