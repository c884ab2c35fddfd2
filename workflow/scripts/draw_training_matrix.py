"""Draw what robust training on one attack does against another."""

import json

from uncloak.jobs import logged

from uncloak.figures.rates import only, plain, source
from uncloak.figures.saving import save
from uncloak.figures.training_matrix import training_matrix
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks, trained_on = ["none", *json.loads(params.attacks)], dict(json.loads(params.trained_on))
    rows = only(only(plain(read_table(snakemake.input[0])), "extractor", trained_on), "attack", attacks)
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, in percent, with extractors tuned on public "
        f"identities' faces perturbed by one attack or another. {source(rows, params.dataset, params.seed)}"
    )
    chart = training_matrix(rows, attacks, trained_on, params.title, subtitle, "95 % bootstrap interval over users")
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)
