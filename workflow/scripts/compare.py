"""Measure the distances between probes and clean gallery faces with one extractor."""

import pandas as pd

from uncloak.jobs import logged
from uncloak.provenance import digest
from uncloak.recognition.comparing import compare
from uncloak.recognition.comparisons import write_comparisons
from uncloak.recognition.embeddings import read_embeddings

with logged(snakemake.log[0]):
    comparisons = compare(
        read_embeddings(snakemake.input.clean[0]),
        {},
        pd.read_csv(snakemake.input.split, dtype=str, keep_default_na=False),
        snakemake.params.metric,
    )
    write_comparisons(
        snakemake.output[0],
        comparisons,
        {"recipe": digest(snakemake.params.code), "extractor": snakemake.wildcards.extractor},
    )
