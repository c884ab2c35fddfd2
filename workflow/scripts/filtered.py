"""Recognize the users where the faces that detectors flag are dropped from the gallery."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.pictures.split import read_split
from uncloak.recognition.comparing import read_compared
from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.filtered import evaluate_filtered
from uncloak.recognition.flags import Flags
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    split = read_split(snakemake.input.split)
    flags = Flags([read_table(path) for path in snakemake.input.scores], snakemake.params.threshold)
    posted = iter(snakemake.input.posted)
    tables = [
        evaluate_filtered(
            read_compared(compared, {tuple(source): next(posted) for source in sources}),
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
        for (extractor, sources), compared, clean in zip(
            *(json.loads(snakemake.params.sources), snakemake.input.comparisons, snakemake.input.clean), strict=True
        )
    ]
    write_table(pd.concat(tables, ignore_index=True), snakemake.output[0])
