"""Recognize the users by a linear classifier, without attack and under each."""

import json

from uncloak.jobs import logged

from uncloak.pictures.split import read_split
from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.linear import evaluate
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    sources = [tuple(source) for source in json.loads(snakemake.params.sources)]
    table = evaluate(
        read_embeddings(snakemake.input.clean[0]),
        {source: read_embeddings(path) for source, path in zip(sources, snakemake.input.sources, strict=True)},
        read_split(snakemake.input.split),
        dataset=snakemake.wildcards.dataset,
        extractor=snakemake.wildcards.extractor,
        seed=snakemake.params.seed,
    )
    write_table(table, snakemake.output[0])
