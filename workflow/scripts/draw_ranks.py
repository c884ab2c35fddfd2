"""Draw protection rates by rank, and at false-accept rates."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.figures.ranks import ranks
from uncloak.figures.rates import only, plain, source
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks, extractors = ["none", *json.loads(params.attacks)], json.loads(params.extractors)
    table, verification = (
        only(only(plain(read_table(path)), "extractor", extractors), "attack", attacks)
        for path in (snakemake.input.ranks, snakemake.input.verification)
    )
    subtitle = (
        "Above: error on the users' clean probes where a trainer looks at the k nearest. Below: share of these probes "
        "farther from the user's nearest posted picture than a threshold that accepts a fixed share of strangers. "
        f"{source(table, params.dataset, params.seed)}"
    )
    chart = ranks(
        table, verification, attacks, extractors, params.title, subtitle, "95 % bootstrap interval over users"
    )
    rows, output = pd.concat([table, verification], ignore_index=True), snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)
