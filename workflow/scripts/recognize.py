"""Recognize the users by their nearest gallery face, without attack and under each."""

import json

import pandas as pd

from uncloak.attacks.mixture import assign
from uncloak.jobs import logged
from uncloak.recognition.embeddings import mix, read_embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.recognition.tables import write_table

CHANNEL = "png"

with logged(snakemake.log[0]):
    files = dict(snakemake.input.items())
    split = pd.read_csv(files.pop("split"), dtype=str)
    clean = read_embeddings(files.pop("clean"))
    by_attack = {name: read_embeddings(path) for name, path in files.items()}
    posted = split.loc[(split["role"] == "user") & (split["part"] == "gallery"), "picture"].to_numpy()
    perturbed = {}
    for attack, shares in json.loads(snakemake.params.attacks).items():
        perturbed[attack, CHANNEL] = (
            mix(by_attack, posted, assign(posted, shares, snakemake.params.seed), attack)
            if shares
            else by_attack[attack]
        )
    table = evaluate(
        clean,
        perturbed,
        split,
        dataset=snakemake.wildcards.dataset,
        extractor=snakemake.wildcards.extractor,
        seed=snakemake.params.seed,
        metric=snakemake.params.metric,
    )
    write_table(table, snakemake.output[0])
