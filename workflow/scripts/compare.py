"""Measure the distances between probes and clean gallery faces with one extractor."""

from uncloak.jobs import started

from uncloak.pictures.split import read_split
from uncloak.recognition.comparing import compare
from uncloak.recognition.comparisons import write_comparisons
from uncloak.recognition.embeddings import read_embeddings

with started(snakemake) as job:
    comparisons = compare(
        read_embeddings(job.input.gallery),
        {},
        read_split(job.input.split),
        job.params.metric,
        read_embeddings(job.input.probes),
    )
    write_comparisons(job.output[0], comparisons, job.made(extractor=job.wildcards.extractor))
