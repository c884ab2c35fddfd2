"""Recognize the users by a linear classifier, without attack and under each."""

import json

from uncloak.jobs import started

from uncloak.pictures.split import read_split
from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.linear import evaluate
from uncloak.tables import write_table

with started(snakemake) as job:
    postings = [tuple(posting) for posting in json.loads(job.params.postings)]
    table = evaluate(
        read_embeddings(job.input.clean[0]),
        {posting: read_embeddings(path) for posting, path in zip(postings, job.input.posted, strict=True)},
        read_split(job.input.split),
        dataset=job.wildcards.dataset,
        extractor=job.wildcards.extractor,
        seed=job.params.seed,
    )
    write_table(table, job.output[0])
