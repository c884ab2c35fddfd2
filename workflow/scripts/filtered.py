"""Recognize the users where the faces that detectors flag are dropped from the gallery."""

import json

import pandas as pd

from uncloak.jobs import logged
from uncloak.recognition.comparisons import read_comparisons
from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.filtered import evaluate_filtered
from uncloak.recognition.flags import Flags
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    extractors = json.loads(snakemake.params.extractors)
    split = pd.read_csv(snakemake.input.split, dtype=str, keep_default_na=False)
    flags = Flags([read_table(path) for path in snakemake.input.scores], snakemake.params.threshold)
    tables = [
        evaluate_filtered(
            read_comparisons(compared),
            read_embeddings(clean),
            split,
            flags,
            json.loads(snakemake.params.attacks),
            dataset=snakemake.wildcards.dataset,
            extractor=extractor,
            seed=snakemake.params.seed,
            unprotected=json.loads(snakemake.params.unprotected),
            choices=snakemake.params.choices,
        )
        for extractor, compared, clean in zip(
            extractors, snakemake.input.comparisons, snakemake.input.clean, strict=True
        )
    ]
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
