"""Draw protection rates of two-model systems, and of their models alone."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.figures.rates import only, plain, source
from uncloak.figures.saving import save
from uncloak.figures.systems import systems
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks, alone = ["none", *json.loads(params.attacks)], json.loads(params.extractors)
    names = json.loads(params.systems)
    together = only(only(plain(read_table(snakemake.input.systems)), "extractor", names), "attack", attacks)
    ranks = only(only(plain(read_table(snakemake.input.ranks)), "extractor", alone), "attack", attacks)
    ranks = only(only(ranks, "among", ["identities"]), "rank", [1, 2])
    subtitle = (
        "Share of the users' clean probes that a system of two models, or one of its models alone, does not recognize. "
        f"{source(together, params.dataset, params.seed, params.paper)}"
    )
    chart = systems(
        together, ranks, attacks, names, alone, params.title, subtitle, "95 % bootstrap interval over users"
    )
    rows, output = pd.concat([together, ranks], ignore_index=True), snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)
