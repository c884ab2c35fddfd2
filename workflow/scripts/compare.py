"""Measure the distances between probes and clean gallery faces with one extractor."""

from uncloak.jobs import logged

from uncloak.pictures.split import read_split
from uncloak.provenance import digest
from uncloak.recognition.comparing import compare
from uncloak.recognition.comparisons import write_comparisons
from uncloak.recognition.embeddings import read_embeddings

with logged(snakemake.log[0]):
    comparisons = compare(
        read_embeddings(snakemake.input.clean[0]),
        {},
        read_split(snakemake.input.split),
        snakemake.params.metric,
    )
    write_comparisons(
        snakemake.output[0],
        comparisons,
        {"recipe": digest(snakemake.params.code), "extractor": snakemake.wildcards.extractor},
    )
