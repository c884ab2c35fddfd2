"""Measure what the users' probes are taken for when all users post their colluding pictures."""

import json

from uncloak.jobs import logged

from uncloak.pictures.split import read_split
from uncloak.recognition.collusion import evaluate_collusion, read_partners
from uncloak.recognition.comparisons import read_comparisons
from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.flags import Flags
from uncloak.recognition.systems import confidence_threshold
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    extractors, attacks = json.loads(snakemake.params.extractors), json.loads(snakemake.params.attacks)
    systems = json.loads(snakemake.params.systems)
    paths = iter(snakemake.input.posted)
    split = read_split(snakemake.input.split)
    compared = dict(zip(extractors, snakemake.input.comparisons, strict=True))
    accurate = sorted({models["accurate"] for models in systems.values()})
    clean = dict(zip(extractors, map(read_embeddings, snakemake.input.clean), strict=True))
    posted = {extractor: {attack: read_embeddings(next(paths)) for attack in attacks} for extractor in extractors}
    table = evaluate_collusion(
        clean,
        posted,
        split,
        read_partners(read_table(snakemake.input.targets[0]), split),
        systems,
        {name: confidence_threshold(read_comparisons(compared[name]), snakemake.params.share) for name in accurate},
        Flags([read_table(path) for path in snakemake.input.scores], snakemake.params.threshold),
        dataset=snakemake.wildcards.dataset,
        seed=snakemake.params.seed,
        metric=snakemake.params.metric,
    )
    write_table(table, snakemake.output[0])
