"""Draw what colluding users' probes are taken for."""

import json

from uncloak.jobs import logged

from uncloak.figures.collusion import collusion, outcomes
from uncloak.figures.rates import source
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks = {"none": "no attack", **dict(json.loads(params.attacks))}
    rows = outcomes(read_table(snakemake.input[0]), dict(json.loads(params.systems)), attacks)
    subtitle = (
        "What the users' clean probes are taken for when all users post pictures perturbed by one attack at once. "
        f"{source(rows, params.dataset, params.seed, params.paper)}"
    )
    chart = collusion(rows, params.title, subtitle, "95 % bootstrap interval over users")
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)
