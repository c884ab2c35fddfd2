"""Recognize the users by their nearest gallery face, without attack and under each, through each channel."""

import json

import pandas as pd

from uncloak.attacks.mixture import assign
from uncloak.jobs import logged
from uncloak.pictures.stored import posted_pictures
from uncloak.recognition.embeddings import mix, read_embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    posted = posted_pictures(snakemake.input.split)
    sources = [tuple(source) for source in json.loads(snakemake.params.sources)]
    read = {source: read_embeddings(path) for source, path in zip(sources, snakemake.input.sources, strict=True)}
    channels = list(dict.fromkeys(channel for _, channel in sources))
    perturbed = {source: embeddings for source, embeddings in read.items() if source[0] == "none"}
    for attack, shares in json.loads(snakemake.params.attacks).items():
        for channel in channels:
            if shares:
                made_by = {part: read[part, channel] for part in shares}
                perturbed[attack, channel] = mix(made_by, posted, assign(posted, shares, snakemake.params.seed), attack)
            else:
                perturbed[attack, channel] = read[attack, channel]
    table = evaluate(
        read_embeddings(snakemake.input.clean[0]),
        perturbed,
        pd.read_csv(snakemake.input.split, dtype=str, keep_default_na=False),
        dataset=snakemake.wildcards.dataset,
        extractor=snakemake.wildcards.extractor,
        seed=snakemake.params.seed,
        metric=snakemake.params.metric,
    )
    write_table(table, snakemake.output[0])
